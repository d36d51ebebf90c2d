package control

import (
	"context"
	"encoding/json"
	"fmt"

	"leat/api"
	"leat/internal/fleet"
)

// Settings is the verbs of what administrators decide for the whole platform.
type Settings struct{ *core }

// platformSettings is where they are kept, as JSON.
const platformSettings = "platform"

// PlatformSettings are the settings and the team type that new teams get.
type PlatformSettings struct {
	fleet.Settings
	DefaultTeamType fleet.TeamTypeID
}

// settings reads the platform's settings.
func (s *step) settings() (fleet.Settings, error) {
	out := fleet.DefaultSettings()
	text, there, err := s.Setting(platformSettings)
	if err != nil || !there {
		return out, err
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return out, fmt.Errorf("read setting %s: %w", platformSettings, err)
	}
	return out, nil
}

// platformName is what the platform is called.
func (s *step) platformName() (string, error) {
	set, err := s.settings()
	if set.Name != "" {
		return set.Name, err
	}
	return s.c.PlatformName, err
}

func (s *step) platformSettings() (*PlatformSettings, error) {
	set, err := s.settings()
	if err != nil {
		return nil, err
	}
	kind, err := s.DefaultTeamType()
	return &PlatformSettings{set, kind.ID}, err
}

// Get returns the settings.
func (c *Settings) Get(ctx context.Context, who fleet.Actor) (out *PlatformSettings, err error) {
	err = c.read(ctx, who, fleet.SettingRead, func(s *step) error {
		if err := s.may("", "setting", ""); err != nil {
			return err
		}
		out, err = s.platformSettings()
		return err
	})
	return out, err
}

// Public returns the settings for those who show some of them to everybody.
func (c *Settings) Public(ctx context.Context, who fleet.Actor) (out fleet.Settings, err error) {
	err = c.read(ctx, who, fleet.StatusRead, func(s *step) error {
		if err := s.may("", "setting", ""); err != nil {
			return err
		}
		out, err = s.settings()
		return err
	})
	return out, err
}

// Update changes settings.
func (c *Settings) Update(ctx context.Context, who fleet.Actor, in api.EditSettings, match int64) (out *PlatformSettings, err error) {
	err = c.write(ctx, who, fleet.SettingEdit, func(s *step) error {
		if err := s.may("", "setting", platformSettings); err != nil {
			return err
		}
		if out, err = s.platformSettings(); err != nil {
			return err
		}
		if err := stale(match, out.Version, out); err != nil {
			return err
		}
		return s.editSettings(out, in)
	})
	return out, err
}

func (s *step) editSettings(set *PlatformSettings, in api.EditSettings) error {
	old := *set
	if err := applySettings(&set.Settings, in); err != nil {
		return err
	}
	if in.DefaultTeamType.Set {
		if err := s.changeDefaultTeamType(set, fleet.TeamTypeID(in.DefaultTeamType.Value)); err != nil {
			return err
		}
	}
	diff := changes{}
	diff.note("name", old.Name, set.Name)
	diff.note("signInMessage", old.SignInMessage, set.SignInMessage)
	diff.note("supportContact", old.SupportContact, set.SupportContact)
	diff.note("teamCreation", string(old.TeamCreation), string(set.TeamCreation))
	diff.note("inviteNewUsers", old.InviteNewUsers, set.InviteNewUsers)
	diff.note("defaultTeamType", string(old.DefaultTeamType), string(set.DefaultTeamType))
	if len(diff) == 0 {
		return nil
	}
	set.Version++
	text, err := json.Marshal(set.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	if err := s.PutSetting(platformSettings, string(text)); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "setting", ID: platformSettings, Version: set.Version})
	return s.audit(fleet.AuditEvent{Event: "setting.edit", Object: platformSettings, Name: "Platform settings", Detail: diff})
}

func applySettings(kept *fleet.Settings, in api.EditSettings) error {
	set(&kept.Name, in.Name)
	set(&kept.SignInMessage, in.SignInMessage)
	set(&kept.SupportContact, in.SupportContact)
	set(&kept.InviteNewUsers, in.InviteNewUsers)
	if in.TeamCreation.Set {
		kept.TeamCreation = fleet.TeamCreation(in.TeamCreation.Value)
	}
	return together(kept.Clean()...)
}

// changeDefaultTeamType makes another type the one that new teams get.
func (s *step) changeDefaultTeamType(set *PlatformSettings, id fleet.TeamTypeID) error {
	if id == set.DefaultTeamType {
		return nil
	}
	kind, err := s.Tx.TeamType(id)
	if fleet.IsKind(err, fleet.NotFound) {
		return fleet.InvalidField("defaultTeamType", "There is no such team type. Choose one of the list.")
	}
	if err != nil {
		return err
	}
	if !kind.Active {
		return fleet.InvalidField("defaultTeamType", "This team type is not offered for new teams. Choose another one, or switch it on first.")
	}
	kind.Default = true
	if err := s.UpdateTeamType(kind); err != nil {
		return err
	}
	if err := s.oneDefaultTeamType(kind); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "team-type", ID: string(kind.ID), Version: kind.Version})
	set.DefaultTeamType = kind.ID
	return nil
}
