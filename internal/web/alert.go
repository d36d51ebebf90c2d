package web

import (
	"leat/api"
	"leat/internal/fleet"
)

func alertsView(a fleet.Alerts) api.Alerts {
	return api.Alerts{
		Crash: a.Crash, SafeMode: a.SafeMode, Hang: a.Hang, CPU: a.CPU, Memory: a.Memory, Recipients: string(a.Recipients), Mail: a.Mail,
	}
}
