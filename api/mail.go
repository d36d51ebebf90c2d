package api

import (
	"context"
	"net/http"
	"time"
)

// MailSettings are how the platform sends letters, without the password.
type MailSettings struct {
	// Source says where they come from: the configuration file or environment
	// (then nobody changes them here), this page, or nowhere.
	Source      string `json:"source" enum:"none,page,configuration"`
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Security    string `json:"security" enum:"starttls,tls,none"`
	Username    string `json:"username"`
	PasswordSet bool   `json:"passwordSet"`
	From        string `json:"from" doc:"the address letters come from"`
	FromName    string `json:"fromName"`
	Version     int64  `json:"version"`
	// Waiting counts letters that are to be sent, Failed those of the last week
	// that could not be.
	Waiting   int        `json:"waiting"`
	Failed    int        `json:"failed" doc:"letters of the last week that were given up"`
	SentAt    *time.Time `json:"sentAt" doc:"when the last letter was taken by the mail server"`
	LastError string     `json:"lastError,omitempty" doc:"why the last try failed; empty when it did not"`
}

// PutMailSettings sets how letters are sent. An empty Host switches letters off.
type PutMailSettings struct {
	Host     string `json:"host" maxLength:"255"`
	Port     int    `json:"port,omitempty" doc:"587, 465 with tls, 25 without encryption, where absent"`
	Security string `json:"security,omitempty" doc:"starttls (where absent), tls or none"`
	Username string `json:"username,omitempty" maxLength:"320"`
	// Password absent keeps the one there is, as long as host, port and username
	// stay as they are; null or "" removes it.
	Password Opt[string] `json:"password,omitzero" doc:"never shown again; absent keeps the one there is, null removes it"`
	From     string      `json:"from,omitempty" maxLength:"320"`
	FromName string      `json:"fromName,omitempty" maxLength:"200"`
}

// TestMail asks for a letter to see whether it arrives.
type TestMail struct {
	To string `json:"to" maxLength:"320"`
	// Settings are tried instead of the ones in force; nothing of them is kept.
	Settings *PutMailSettings `json:"settings,omitempty"`
}

// MailTest is how that went, step by step.
type MailTest struct {
	OK    bool       `json:"ok"`
	Steps []MailStep `json:"steps"`
}

// MailStep is one step of it.
type MailStep struct {
	Name   string `json:"name" enum:"connect,greeting,encryption,sign in,sender,recipient,letter"`
	OK     bool   `json:"ok"`
	Text   string `json:"text" doc:"what the server said, or what went wrong and what to do"`
	Millis int    `json:"milliseconds"`
}

// MailSettings are how the platform sends letters.
func (c *Client) MailSettings(ctx context.Context) (*MailSettings, error) {
	return take[MailSettings](ctx, c, "/settings/mail")
}

// PutMailSettings sets how the platform sends letters.
func (c *Client) PutMailSettings(ctx context.Context, in PutMailSettings, o ...RequestOption) (*MailSettings, error) {
	return send[MailSettings](ctx, c, http.MethodPut, "/settings/mail", in, o...)
}

// TestMail sends a letter now and tells what the mail server said.
func (c *Client) TestMail(ctx context.Context, in TestMail) (*MailTest, error) {
	return send[MailTest](ctx, c, http.MethodPost, "/settings/mail/test", in)
}
