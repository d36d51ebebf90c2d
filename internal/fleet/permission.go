package fleet

// Permission names one thing that can be done. Routes state it, verbs ask for
// it, the UI and the tests read it: all from the table in this file.
type Permission string

// Scope says against what a permission is held.
type Scope uint8

// The scopes.
const (
	// Public needs nobody signed in.
	Public Scope = iota
	// Self concerns the caller alone: any signed-in user has it.
	Self
	// Platform is for administrators.
	Platform
	// InTeam is held by a role in the team that owns the thing.
	InTeam
	// Runner is held by an instance, for itself.
	Runner
)

// Grant is a row of the permission table.
type Grant struct {
	Permission Permission
	Scope      Scope
	// Role is the least role that has the permission; for InTeam only.
	Role Role
	// Write is false where a read-only token has the permission too.
	Write bool
	// Does completes the sentence "You may not …".
	Does string
}

// The permissions.
const (
	StatusRead    Permission = "status:read"
	SetupCreate   Permission = "setup:create"
	SessionCreate Permission = "session:create"
	InviteRead    Permission = "invitation:read"

	SelfRead      Permission = "user:read"
	SelfEdit      Permission = "user:edit"
	SessionList   Permission = "session:list"
	SessionRevoke Permission = "session:revoke"
	TokenList     Permission = "token:list"
	TokenCreate   Permission = "token:create"
	TokenRevoke   Permission = "token:revoke"
	TeamList      Permission = "team:list"
	TeamCreate    Permission = "team:create"
	InviteAccept  Permission = "invitation:accept"
	EventsFollow  Permission = "events:follow"

	UserList      Permission = "users:list"
	UserCreate    Permission = "users:create"
	UserEdit      Permission = "users:edit"
	UserDelete    Permission = "users:delete"
	PlatformAudit Permission = "audit:platform"
	MetricsRead   Permission = "metrics:read"

	TeamRead       Permission = "team:read"
	DashboardList  Permission = "dashboard:list"
	InstanceOpen   Permission = "instance:open"
	TeamLeave      Permission = "team:leave"
	MemberList     Permission = "member:list"
	ApplicationGet Permission = "application:read"
	InstanceRead   Permission = "instance:read"
	InstanceLogs   Permission = "instance:logs"
	FlowsRead      Permission = "flows:read"
	EnvRead        Permission = "environment:read"
	InstanceAudit  Permission = "instance:audit"
	TypeList       Permission = "instance-type:list"
	BlueprintList  Permission = "blueprint:list"

	FlowsEdit       Permission = "flows:edit"
	EnvEdit         Permission = "environment:edit"
	InstanceOperate Permission = "instance:operate"

	TeamEdit          Permission = "team:edit"
	TeamDelete        Permission = "team:delete"
	TeamAudit         Permission = "team:audit"
	MemberEdit        Permission = "member:edit"
	InviteCreate      Permission = "invitation:create"
	ApplicationCreate Permission = "application:create"
	ApplicationEdit   Permission = "application:edit"
	ApplicationDelete Permission = "application:delete"
	InstanceCreate    Permission = "instance:create"
	InstanceEdit      Permission = "instance:edit"
	InstanceDelete    Permission = "instance:delete"

	SnapshotRead    Permission = "snapshot:read"
	SnapshotCreate  Permission = "snapshot:create"
	SnapshotEdit    Permission = "snapshot:edit"
	SnapshotDelete  Permission = "snapshot:delete"
	SnapshotExport  Permission = "snapshot:export"
	SnapshotImport  Permission = "snapshot:import"
	InstanceRestore Permission = "instance:restore"
	TimelineRead    Permission = "timeline:read"
	ContextRead     Permission = "context:read"
	ContextEdit     Permission = "context:edit"
	InstanceProtect Permission = "instance:protect"
	HTTPTokenList   Permission = "http-token:list"
	HTTPTokenCreate Permission = "http-token:create"
	HTTPTokenRevoke Permission = "http-token:revoke"

	NotificationList   Permission = "notification:list"
	NotificationEdit   Permission = "notification:edit"
	SearchRead         Permission = "search:read"
	TeamTypeList       Permission = "team-type:list"
	TeamTypeEdit       Permission = "team-type:edit"
	InstanceTypeEdit   Permission = "instance-type:edit"
	StackEdit          Permission = "stack:edit"
	SettingRead        Permission = "setting:read"
	SettingEdit        Permission = "setting:edit"
	PlatformTeams      Permission = "teams:list"
	PlatformTeamEdit   Permission = "teams:edit"
	AnnouncementList   Permission = "announcement:list"
	AnnouncementCreate Permission = "announcement:create"
	StatisticsRead     Permission = "statistics:read"
	PasswordReset      Permission = "password:reset"
	SignInAsk          Permission = "sign-in-request:create"
	SignInApprove      Permission = "sign-in-request:approve"

	RunnerReport Permission = "runner:report"
	RunnerDeploy Permission = "runner:deploy"
)

// Grants is the permission table: the only place that says who may do what.
var Grants = []Grant{
	{StatusRead, Public, "", false, "read the platform's status"},
	{SetupCreate, Public, "", true, "set the platform up"},
	{SessionCreate, Public, "", true, "sign in"},
	{InviteRead, Public, "", false, "read an invitation"},
	{InviteAccept, Public, "", true, "accept invitations"},

	{SelfRead, Self, "", false, "read your account"},
	{SelfEdit, Self, "", true, "change your account"},
	{SessionList, Self, "", false, "list your sessions"},
	{SessionRevoke, Self, "", true, "end your sessions"},
	{TokenList, Self, "", false, "list your tokens"},
	{TokenCreate, Self, "", true, "create tokens"},
	{TokenRevoke, Self, "", true, "revoke tokens"},
	{TeamList, Self, "", false, "list your teams"},
	{TeamCreate, Self, "", true, "create teams"},
	{EventsFollow, Self, "", false, "follow events"},
	{TypeList, Self, "", false, "list instance types"},
	{BlueprintList, Self, "", false, "list blueprints"},

	{PasswordReset, Public, "", true, "ask for a new password by mail"},
	{SignInAsk, Public, "", true, "ask to sign a program in"},
	{SignInApprove, Self, "", true, "let a program sign in as you"},
	{NotificationList, Self, "", false, "read your notifications"},
	{NotificationEdit, Self, "", true, "clear your notifications"},
	{SearchRead, Self, "", false, "search"},
	{TeamTypeList, Self, "", false, "list team types"},

	{UserList, Platform, "", false, "list users"},
	{UserCreate, Platform, "", true, "create users"},
	{UserEdit, Platform, "", true, "change users"},
	{UserDelete, Platform, "", true, "delete users"},
	{PlatformAudit, Platform, "", false, "read the platform's audit log"},
	{MetricsRead, Platform, "", false, "read the platform's measures"},
	{StatisticsRead, Platform, "", false, "read the platform's statistics"},
	{TeamTypeEdit, Platform, "", true, "change team types"},
	{InstanceTypeEdit, Platform, "", true, "change instance types"},
	{StackEdit, Platform, "", true, "change stacks"},
	{SettingRead, Platform, "", false, "read the platform's settings"},
	{SettingEdit, Platform, "", true, "change the platform's settings"},
	{PlatformTeams, Platform, "", false, "list all teams"},
	{PlatformTeamEdit, Platform, "", true, "change the type and limits of teams"},
	{AnnouncementList, Platform, "", false, "list announcements"},
	{AnnouncementCreate, Platform, "", true, "announce something to everybody"},

	{TeamRead, InTeam, RoleDashboard, false, "see this team"},
	{DashboardList, InTeam, RoleDashboard, false, "list dashboards"},
	{InstanceOpen, InTeam, RoleDashboard, false, "open dashboards"},
	{TeamLeave, InTeam, RoleDashboard, true, "leave this team"},

	{MemberList, InTeam, RoleViewer, false, "list members"},
	{ApplicationGet, InTeam, RoleViewer, false, "see applications"},
	{InstanceRead, InTeam, RoleViewer, false, "see instances"},
	{InstanceLogs, InTeam, RoleViewer, false, "read logs"},
	{FlowsRead, InTeam, RoleViewer, false, "read flows"},
	{EnvRead, InTeam, RoleViewer, false, "read the environment"},
	{InstanceAudit, InTeam, RoleViewer, false, "read an instance's audit log"},
	{SnapshotRead, InTeam, RoleViewer, false, "see and compare snapshots"},
	{TimelineRead, InTeam, RoleViewer, false, "see an instance's history"},

	{FlowsEdit, InTeam, RoleMember, true, "change flows"},
	{EnvEdit, InTeam, RoleMember, true, "change the environment"},
	{InstanceOperate, InTeam, RoleMember, true, "start, stop and restart instances"},
	{SnapshotCreate, InTeam, RoleMember, true, "make snapshots"},
	{SnapshotEdit, InTeam, RoleMember, true, "rename snapshots"},
	{SnapshotExport, InTeam, RoleMember, true, "export snapshots"},
	{SnapshotImport, InTeam, RoleMember, true, "import snapshots"},
	{InstanceRestore, InTeam, RoleMember, true, "restore snapshots"},
	{ContextRead, InTeam, RoleMember, false, "read an instance's context"},
	{ContextEdit, InTeam, RoleMember, true, "change an instance's context"},

	{TeamEdit, InTeam, RoleOwner, true, "change this team"},
	{TeamDelete, InTeam, RoleOwner, true, "delete this team"},
	{TeamAudit, InTeam, RoleOwner, false, "read the team's audit log"},
	{MemberEdit, InTeam, RoleOwner, true, "change members"},
	{InviteCreate, InTeam, RoleOwner, true, "invite people"},
	{ApplicationCreate, InTeam, RoleOwner, true, "create applications"},
	{ApplicationEdit, InTeam, RoleOwner, true, "change applications"},
	{ApplicationDelete, InTeam, RoleOwner, true, "delete applications"},
	{InstanceCreate, InTeam, RoleOwner, true, "create instances"},
	{InstanceEdit, InTeam, RoleOwner, true, "change instances"},
	{InstanceDelete, InTeam, RoleOwner, true, "delete instances"},
	{InstanceProtect, InTeam, RoleOwner, true, "protect instances"},
	{SnapshotDelete, InTeam, RoleOwner, true, "delete snapshots"},
	{HTTPTokenList, InTeam, RoleOwner, false, "list an instance's HTTP tokens"},
	{HTTPTokenCreate, InTeam, RoleOwner, true, "create an instance's HTTP tokens"},
	{HTTPTokenRevoke, InTeam, RoleOwner, true, "revoke an instance's HTTP tokens"},

	{RunnerReport, Runner, "", true, "report for an instance"},
	{RunnerDeploy, Runner, "", true, "keep flows and modules for an instance"},
}

var grantOf = func() map[Permission]Grant {
	m := make(map[Permission]Grant, len(Grants))
	for _, g := range Grants {
		m[g.Permission] = g
	}
	return m
}()

// GrantOf finds the row of a permission.
func GrantOf(p Permission) (Grant, bool) {
	g, ok := grantOf[p]
	return g, ok
}

// PermissionsOf lists what a role may do in its team, in the table's order.
func PermissionsOf(r Role) []Permission {
	var out []Permission
	for _, g := range Grants {
		if g.Scope == InTeam && r.AtLeast(g.Role) {
			out = append(out, g.Permission)
		}
	}
	return out
}
