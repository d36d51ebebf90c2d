package api

// Alerts say what an instance's people are told of, and who they are.
type Alerts struct {
	Crash    bool `json:"crash" doc:"its Node-RED ended by itself"`
	SafeMode bool `json:"safeMode" doc:"it was started without its flows, because it crashed again and again"`
	Hang     bool `json:"hang" doc:"its event loop stood still, or nothing was heard of it"`
	CPU      bool `json:"cpu" doc:"above 75 % of its limit for five minutes"`
	Memory   bool `json:"memory" doc:"above 75 % of its limit for five minutes"`
	// Recipients are members of the team by role.
	Recipients string `json:"recipients" enum:"owners,members,both"`
	Mail       bool   `json:"mail" doc:"send letters too, where the platform has a mail server"`
}

// EditAlerts changes some of them.
type EditAlerts struct {
	Crash      Opt[bool]   `json:"crash,omitzero"`
	SafeMode   Opt[bool]   `json:"safeMode,omitzero"`
	Hang       Opt[bool]   `json:"hang,omitzero"`
	CPU        Opt[bool]   `json:"cpu,omitzero"`
	Memory     Opt[bool]   `json:"memory,omitzero"`
	Recipients Opt[string] `json:"recipients,omitzero"`
	Mail       Opt[bool]   `json:"mail,omitzero"`
}
