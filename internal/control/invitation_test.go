package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
)

// invite invites somebody into the plant's team as a viewer.
func (p *plant) invite(in api.NewInvitation) (*store.InvitationBy, string) {
	p.t.Helper()
	in.Role = "viewer"
	i, secret, err := p.Invitations.Create(p.t.Context(), p.olga, p.team.Slug, in, control.Key{})
	if err != nil {
		p.t.Fatal(err)
	}
	return i, secret
}

func TestAnInvitationGoesByMailAndIsRemindedOfOnce(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i, secret := p.invite(api.NewInvitation{Email: "nina@elsewhere.example"})
	if !i.Mailed || !i.SentAt.Equal(p.clock()) {
		t.Errorf("the invitation is %+v; want it mailed", i)
	}
	got := p.deliver(server)
	if !sentTo(got, "nina@elsewhere.example") || !strings.Contains(textOf(got[0]), "/invitation#"+secret) {
		t.Fatalf("letters %+v; want one with the link", got)
	}
	for _, wait := range []time.Duration{0, 4 * 24 * time.Hour} {
		p.sleep(wait)
		if err := p.Invitations.Remind(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := p.deliver(server); len(got) != 0 {
			t.Errorf("after %v %d letters; want none before its last two days", wait, len(got))
		}
	}
	p.sleep(36 * time.Hour)
	for n, want := range []int{1, 0} {
		if err := p.Invitations.Remind(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := p.deliver(server)
		if len(got) != want || want == 1 && !strings.Contains(textOf(got[0]), "/invitation#"+secret) {
			t.Errorf("reminding %d: %d letters; want %d, with the same link", n, len(got), want)
		}
	}
}

func TestAResentInvitationHasANewLink(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i, old := p.invite(api.NewInvitation{Email: "nina@elsewhere.example"})
	p.deliver(server)
	_, _, err := p.Invitations.Resend(t.Context(), p.olga, p.team.Slug, i.ID)
	wantCode(t, err, "sent_just_now")
	if again, _ := p.invite(api.NewInvitation{Email: "nina@elsewhere.example"}); again.Mailed || len(p.deliver(server)) != 0 {
		t.Error("who was written to just now is written to again")
	} else {
		i = again
	}
	_, _, err = p.Invitations.Resend(t.Context(), p.mika, p.team.Slug, i.ID)
	wantCode(t, err, "forbidden")
	p.sleep(2 * time.Minute)
	renewed, secret, err := p.Invitations.Resend(t.Context(), p.olga, p.team.Slug, i.ID)
	if err != nil || secret == old || !renewed.ExpiresAt.Equal(p.clock().Add(fleet.InvitationLife)) {
		t.Fatalf("resent %+v, %v", renewed, err)
	}
	if got := p.deliver(server); len(got) != 1 || !strings.Contains(textOf(got[0]), secret) {
		t.Errorf("letters %+v; want one with the new link", got)
	}
	_, err = p.Invitations.Read(t.Context(), fleet.Anonymous("", ""), old)
	wantCode(t, err, "invitation_not_found")
	if v, err := p.Invitations.Read(t.Context(), fleet.Anonymous("", ""), secret); err != nil || v.TeamName != "Plant" {
		t.Errorf("the new link reads %+v, %v", v, err)
	}
	ada := p.person("ada", true)
	all, _, err := p.Invitations.ListAll(t.Context(), ada, store.Page{})
	if err != nil || len(all) != 1 || all[0].TeamName != "Plant" || all[0].Inviter != "olga" {
		t.Errorf("administrators see %+v, %v", all, err)
	}
	_, _, err = p.Invitations.ListAll(t.Context(), p.olga, store.Page{})
	wantCode(t, err, "forbidden")
}

// An invitation can be deleted and made again as often as one likes; the mailbox
// of who is invited stays theirs.
func TestInvitationsFillNobodysMailbox(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	again := func(in api.NewInvitation) *store.InvitationBy {
		i, _ := p.invite(in)
		if err := p.Invitations.Delete(t.Context(), p.olga, p.team.Slug, i.ID); err != nil {
			t.Fatal(err)
		}
		return i
	}
	for range 20 {
		p.sleep(time.Second)
		again(api.NewInvitation{Email: "nina@elsewhere.example"})
		again(api.NewInvitation{Username: "stranger"})
	}
	if got := p.deliver(server); len(got) != 6 {
		t.Errorf("%d letters of forty invitations; want three to each: %s", len(got), subjects(got))
	}
	for n := range 150 {
		again(api.NewInvitation{Email: fmt.Sprintf("nina-%d@elsewhere.example", n)})
	}
	if got := p.deliver(server); len(got) < 90 || len(got) > 94 {
		t.Errorf("%d letters of 150 invitations; want a hundred at once with those before", len(got))
	}
	p.sleep(3 * time.Hour)
	if i := again(api.NewInvitation{Email: "nina@elsewhere.example"}); !i.Mailed || len(p.deliver(server)) != 1 {
		t.Error("hours later it is not mailed")
	}
}

func TestAnInvitationThatIsTakenBackLeavesTheInbox(t *testing.T) {
	p := newPlant(t)
	for range 3 {
		p.sleep(time.Second)
		i, _ := p.invite(api.NewInvitation{Username: "stranger"})
		if in := p.inbox(p.stranger); len(in) != 1 || in[0].Link != "/invitation#"+string(i.ID) {
			t.Fatalf("the inbox holds %+v; want the newest invitation alone", in)
		}
	}
	i, _ := p.invite(api.NewInvitation{Username: "stranger"})
	if err := p.Invitations.Delete(t.Context(), p.olga, p.team.Slug, i.ID); err != nil {
		t.Fatal(err)
	}
	if in := p.inbox(p.stranger); len(in) != 0 {
		t.Errorf("the inbox holds %+v", in)
	}
}

func TestWhoIsInvitedByNameIsNotifiedAndNobodyElseCanUseThat(t *testing.T) {
	p := newPlant(t)
	i, _ := p.invite(api.NewInvitation{Username: "stranger"})
	inbox := p.inbox(p.stranger)
	if len(inbox) != 1 || inbox[0].Kind != fleet.NoteInvitation || inbox[0].Link != "/invitation#"+string(i.ID) {
		t.Fatalf("the inbox holds %+v; want the invitation", inbox)
	}
	unknown, _ := p.invite(api.NewInvitation{Username: "nobody-has-this"})
	if unknown.Mailed != i.Mailed || unknown.SentAt != i.SentAt {
		t.Error("the answer tells who has an account")
	}
	nina := p.person("nina", false)
	for _, who := range []fleet.Actor{nina, fleet.Anonymous("", "")} {
		_, err := p.Invitations.Read(t.Context(), who, string(i.ID))
		wantCode(t, err, "invitation_not_found")
	}
	_, _, err := p.Invitations.Accept(t.Context(), nina, api.AcceptInvitation{Secret: string(i.ID)})
	wantCode(t, err, "invitation_not_found")
	byMail, _ := p.invite(api.NewInvitation{Email: "nina@example.com"})
	_, _, err = p.Invitations.Accept(t.Context(), nina, api.AcceptInvitation{Secret: string(byMail.ID)})
	wantCode(t, err, "invitation_not_found")
	if _, _, err := p.Invitations.Accept(t.Context(), p.stranger, api.AcceptInvitation{Secret: string(i.ID)}); err != nil {
		t.Fatalf("accept by the notification: %v", err)
	}
	if inbox := p.inbox(p.stranger); len(inbox) != 0 {
		t.Errorf("afterwards the inbox holds %+v", inbox)
	}
}

func TestAccountsAreMadeByAdministratorsWhereTheyDecidedSo(t *testing.T) {
	p := newPlant(t)
	_, secret := p.invite(api.NewInvitation{Email: "nina@elsewhere.example"})
	_, named := p.invite(api.NewInvitation{Username: "otto"})
	ada := p.person("ada", true)
	must(p.Settings.Update(t.Context(), ada, api.EditSettings{InviteNewUsers: api.Some(false), TeamCreation: api.Some("administrators")}, 0))(t)
	_, _, err := p.Invitations.Create(t.Context(), p.olga, p.team.Slug, api.NewInvitation{Email: "a@b.example", Role: "viewer"}, control.Key{})
	if !fleet.IsKind(err, fleet.Invalid) {
		t.Errorf("invite an address: %v; want it refused", err)
	}
	for token, in := range map[string]api.AcceptInvitation{
		secret: {Username: "nina", Email: "nina@elsewhere.example"}, named: {Username: "otto", Email: "otto@elsewhere.example"},
	} {
		in.Secret, in.Password = token, password
		_, _, err = p.Invitations.Accept(t.Context(), fleet.Anonymous("192.0.2.3", ""), in)
		wantCode(t, err, "accounts_by_administrators")
	}
	_, err = p.Teams.Create(t.Context(), p.olga, api.NewTeam{Name: "Mine"}, control.Key{})
	wantCode(t, err, "team_creation_off")
	if _, err := p.Teams.Create(t.Context(), ada, api.NewTeam{Name: "Theirs"}, control.Key{}); err != nil {
		t.Errorf("an administrator makes a team: %v", err)
	}
	if _, _, err := p.Invitations.Accept(t.Context(), p.stranger, api.AcceptInvitation{Secret: secret}); err != nil {
		t.Errorf("who has an account joins: %v", err)
	}
}

// textOf is a letter with the ends of its lines taken out that quoting put in.
func textOf(l mailtest.Letter) string { return strings.ReplaceAll(l.Raw, "=\r\n", "") }
