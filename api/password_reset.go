package api

import (
	"context"
	"net/http"
	"time"
)

// NewPasswordReset asks for a letter with a link to a new password. The answer
// is the same whether there is such an account or not.
type NewPasswordReset struct {
	Email    string `json:"email,omitempty" maxLength:"512"`
	Username string `json:"username,omitempty" maxLength:"512"`
}

// PasswordReset is what the holder of the link may know.
type PasswordReset struct {
	Username  string    `json:"username"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// UsePasswordReset sets the new password. It ends all sessions of the account.
type UsePasswordReset struct {
	Secret   string `json:"secret" maxLength:"256"`
	Password string `json:"password" maxLength:"1024" format:"password"`
}

// AskPasswordReset asks for a letter with a link to a new password.
func (c *Client) AskPasswordReset(ctx context.Context, in NewPasswordReset) error {
	return c.do(ctx, http.MethodPost, "/password-resets", in, nil)
}

// ReadPasswordReset tells the holder of a link whose it is.
func (c *Client) ReadPasswordReset(ctx context.Context, secret string) (*PasswordReset, error) {
	return send[PasswordReset](ctx, c, http.MethodPost, "/password-resets/read", map[string]string{"secret": secret})
}

// UsePasswordReset sets the new password.
func (c *Client) UsePasswordReset(ctx context.Context, in UsePasswordReset) error {
	return c.do(ctx, http.MethodPost, "/password-resets/use", in, nil)
}
