package fleet

import "errors"

// WhyNotEdit is why an actor with a role in the instance's team may not deploy
// from its editor now: a code for programs and a sentence for people. Both are
// empty where it may.
func (i *Instance) WhyNotEdit(who Actor, role Role) (code, reason string) {
	err := i.MayChange(who, FlowsEdit, role)
	var refusal *Error
	switch {
	case err == nil && i.Held:
		return "team_suspended", "An administrator suspended this team, and its editors are closed. Ask an administrator of the platform."
	case err == nil && i.Wanted == WantSuspended:
		return "suspended", "The instance is suspended, and its editor is closed. Start it to change its flows."
	case err == nil:
		return "", ""
	case IsCode(err, "forbidden"):
		return "role", "Your role in this team lets you look at the flows and not change them. Ask an owner for the member role."
	case IsCode(err, "protected_instance"):
		code = "protected"
	case IsCode(err, "read_only_token"):
		code = "read_only_token"
	default:
		code = "role"
	}
	if errors.As(err, &refusal) {
		reason = refusal.Msg
	}
	return code, reason
}
