import shell from './shell.json'
import session from './session.json'
import home from './home.json'
import application from './application.json'
import instance from './instance.json'
import audit_event from './audit_event.json'
import team from './team.json'
import user from './user.json'

/** All English messages, in files by noun. */
export default { ...shell, ...session, ...home, ...application, ...instance, ...audit_event, ...team, ...user }
