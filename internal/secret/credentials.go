package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Credentials are Node-RED's: node id, field, value. Numbers are json.Number.
type Credentials map[string]map[string]any

// ErrCredentialSecret says that credentials cannot be read with this secret.
// Node-RED itself would drop them silently at the next deploy.
var ErrCredentialSecret = errors.New("the credentials were encrypted with another secret")

// EncryptCredentials writes credentials as Node-RED does under "$" in its
// credentials file: the hex of a random IV, then base64 of AES-256-CTR under
// the SHA-256 of the secret. The form has no authentication: seal it, too,
// where it is stored.
func EncryptCredentials(secret string, credentials Credentials) (string, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if credentials == nil {
		credentials = Credentials{}
	}
	if err := encoder.Encode(credentials); err != nil {
		return "", fmt.Errorf("encode credentials: %w", err)
	}
	text := bytes.TrimSuffix(plain.Bytes(), []byte("\n"))
	var iv [aes.BlockSize]byte
	rand.Read(iv[:])
	credentialStream(secret, iv[:]).XORKeyStream(text, text)
	return hex.EncodeToString(iv[:]) + base64.StdEncoding.EncodeToString(text), nil
}

// DecryptCredentials reads what Node-RED or [EncryptCredentials] wrote under
// "$". With a wrong secret it returns [ErrCredentialSecret].
func DecryptCredentials(secret, text string) (Credentials, error) {
	const ivLength = 2 * aes.BlockSize
	if len(text) < ivLength {
		return nil, errors.New("the credentials are cut short")
	}
	iv, err := hex.DecodeString(text[:ivLength])
	if err != nil {
		return nil, errors.New("the credentials do not begin with a hexadecimal IV")
	}
	plain, err := base64.StdEncoding.DecodeString(text[ivLength:])
	if err != nil {
		return nil, errors.New("the credentials are not base64")
	}
	credentialStream(secret, iv).XORKeyStream(plain, plain)
	return parseCredentials(plain)
}

// parseCredentials tells a wrong secret from a right one by what it decrypts
// to: noise is not a JSON object of objects in UTF-8.
func parseCredentials(plain []byte) (Credentials, error) {
	if !utf8.Valid(plain) {
		return nil, ErrCredentialSecret
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	var credentials Credentials
	if err := decoder.Decode(&credentials); err != nil || credentials == nil {
		return nil, ErrCredentialSecret
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrCredentialSecret
	}
	return credentials, nil
}

func credentialStream(secret string, iv []byte) cipher.Stream {
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		// Only a wrong key size is refused.
		panic(fmt.Sprintf("credentials: %v", err))
	}
	return cipher.NewCTR(block, iv)
}

// EncryptValue writes one text in the form in which [EncryptCredentials] writes
// credentials.
func EncryptValue(secret, value string) string {
	text := []byte(value)
	var iv [aes.BlockSize]byte
	rand.Read(iv[:])
	credentialStream(secret, iv[:]).XORKeyStream(text, text)
	return hex.EncodeToString(iv[:]) + base64.StdEncoding.EncodeToString(text)
}

// DecryptValue reads what [EncryptValue] wrote. Most wrong secrets lead to what is
// no text, and to [ErrCredentialSecret].
func DecryptValue(secret, text string) (string, error) {
	const ivLength = 2 * aes.BlockSize
	if len(text) < ivLength {
		return "", errors.New("the value is cut short")
	}
	iv, err := hex.DecodeString(text[:ivLength])
	if err != nil {
		return "", errors.New("the value does not begin with a hexadecimal IV")
	}
	plain, err := base64.StdEncoding.DecodeString(text[ivLength:])
	if err != nil {
		return "", errors.New("the value is not base64")
	}
	credentialStream(secret, iv).XORKeyStream(plain, plain)
	if !utf8.Valid(plain) {
		return "", ErrCredentialSecret
	}
	return string(plain), nil
}

// ProveSecret makes a proof of a secret over sealed parts, by which a wrong secret
// and altered parts are told from right ones. The forms above have none.
func ProveSecret(secret string, parts ...string) string {
	key := Key{bytes: sha256.Sum256([]byte("leat sealed parts\x00" + secret))}
	return hex.EncodeToString(key.MAC(parts...))
}

// CheckSecretProof reports whether a proof is the one of a secret and these parts.
func CheckSecretProof(proof, secret string, parts ...string) bool {
	return Equal(proof, ProveSecret(secret, parts...))
}
