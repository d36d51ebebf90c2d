package secret

import (
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"
)

const keySize = 32

// sealVersion is the first byte of everything sealed, so that another cipher can follow.
const sealVersion = 1

// ErrSealed says that a sealed value was not made with this key and associated
// data, or was altered since.
var ErrSealed = errors.New("the sealed value was made with another key or for another use, or was altered")

// A Key is 256 secret bits. It prints and logs as a placeholder.
type Key struct {
	bytes [keySize]byte
}

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	rand.Read(k.bytes[:])
	return k
}

// ParseKey reads what [Key.Encode] wrote.
func ParseKey(text string) (Key, error) {
	var k Key
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != keySize {
		return Key{}, errors.New("a key is 32 bytes in base64")
	}
	copy(k.bytes[:], raw)
	return k, nil
}

// Encode returns the key itself as text. It is the only way out of a Key.
func (k Key) Encode() string { return base64.StdEncoding.EncodeToString(k.bytes[:]) }

// String keeps a key out of messages.
func (k Key) String() string { return "secret.Key(hidden)" }

// GoString keeps a key out of %#v.
func (k Key) GoString() string { return k.String() }

// LogValue keeps a key out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Derive returns the key for one purpose. Keys of different purposes tell
// nothing about each other nor about the key they come from.
func (k Key) Derive(purpose string) Key {
	raw, err := hkdf.Key(sha256.New, k.bytes[:], nil, "leat "+purpose, keySize)
	if err != nil {
		// Only a length above 255 hashes is refused.
		panic(fmt.Sprintf("derive key: %v", err))
	}
	var out Key
	copy(out.bytes[:], raw)
	return out
}

// Signer returns the Ed25519 key that belongs to this key; use a derived one.
func (k Key) Signer() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.bytes[:]) }

// Seal encrypts plain so that only [Key.Open] with the same key and the same
// associated data (which is not stored) gives it back. Sealing the same value
// twice gives different bytes.
func (k Key) Seal(plain, associated []byte) []byte {
	aead := k.aead()
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = sealVersion
	nonce := out[1:]
	rand.Read(nonce)
	return aead.Seal(out, nonce, plain, associated)
}

// Open returns what was sealed, or [ErrSealed].
func (k Key) Open(sealed, associated []byte) ([]byte, error) {
	aead := k.aead()
	if len(sealed) < 1+aead.NonceSize()+aead.Overhead() || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	nonce, text := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, text, associated)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// MAC authenticates a list of parts. Every part is taken with its length, so
// that ("ab", "c") and ("a", "bc") differ.
func (k Key) MAC(parts ...string) []byte {
	mac := hmac.New(sha256.New, k.bytes[:])
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		mac.Write(size[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// CheckMAC reports in constant time whether mac is the one of these parts.
func (k Key) CheckMAC(mac []byte, parts ...string) bool {
	return hmac.Equal(mac, k.MAC(parts...))
}

func (k Key) aead() cipher.AEAD {
	aead, err := chacha20poly1305.NewX(k.bytes[:])
	if err != nil {
		// Only a wrong key size is refused.
		panic(fmt.Sprintf("seal: %v", err))
	}
	return aead
}
