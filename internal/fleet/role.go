package fleet

// Role is what a member may do in a team. Roles are ordered: each may do all
// that the ones below it may.
type Role string

// The roles, from the one that may least.
const (
	RoleNone      Role = "none"
	RoleDashboard Role = "dashboard"
	RoleViewer    Role = "viewer"
	RoleMember    Role = "member"
	RoleOwner     Role = "owner"
)

// Roles lists the roles that a member of a team can have, highest first.
var Roles = []Role{RoleOwner, RoleMember, RoleViewer, RoleDashboard}

var roleRank = map[Role]int{RoleNone: 0, RoleDashboard: 1, RoleViewer: 2, RoleMember: 3, RoleOwner: 4}

// Valid reports whether r can be given to a member of a team.
func (r Role) Valid() bool { return roleRank[r] > 0 }

// AtLeast reports whether r may do all that min may.
func (r Role) AtLeast(min Role) bool { return roleRank[r] >= roleRank[min] && roleRank[r] > 0 }
