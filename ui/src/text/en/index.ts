import shell from './shell.json'
import session from './session.json'
import home from './home.json'
import application from './application.json'
import instance from './instance.json'
import audit_event from './audit_event.json'
import comparison from './comparison.json'
import snapshot from './snapshot.json'
import timeline from './timeline.json'
import context from './context.json'
import team from './team.json'
import user from './user.json'
import admin from './admin.json'

/** All English messages, in files by noun. */
export default { ...shell, ...session, ...home, ...application, ...instance, ...audit_event, ...comparison, ...snapshot, ...timeline, ...context, ...team, ...user, ...admin }
