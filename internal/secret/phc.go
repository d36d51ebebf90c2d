package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	saltSize = 16
	hashSize = 32
)

// cost is what a hash costs: memory in KiB, passes over it, lanes in parallel.
type cost struct {
	memory uint32
	passes uint32
	lanes  uint8
}

// phc is a password hash in the PHC string format.
type phc struct {
	cost
	salt, key []byte
}

var errPHC = errors.New("not an argon2id hash that can be checked here")

// String writes the hash as $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (h phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.passes, h.lanes, enc.EncodeToString(h.salt), enc.EncodeToString(h.key))
}

// parsePHC reads a hash and refuses costs that would exhaust the machine.
func parsePHC(text string) (phc, error) {
	part := strings.Split(text, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	c, ok := parseCost(part[3])
	if !ok {
		return phc{}, errPHC
	}
	salt, err := base64.RawStdEncoding.DecodeString(part[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return phc{}, errPHC
	}
	key, err := base64.RawStdEncoding.DecodeString(part[5])
	if err != nil || len(key) < 16 || len(key) > 64 {
		return phc{}, errPHC
	}
	return phc{cost: c, salt: salt, key: key}, nil
}

func parseCost(text string) (cost, bool) {
	field := strings.Split(text, ",")
	if len(field) != 3 {
		return cost{}, false
	}
	memory, ok1 := parseBounded(field[0], "m=", 8, 512*1024)
	passes, ok2 := parseBounded(field[1], "t=", 1, 16)
	lanes, ok3 := parseBounded(field[2], "p=", 1, 16)
	return cost{memory: uint32(memory), passes: uint32(passes), lanes: uint8(lanes)}, ok1 && ok2 && ok3
}

func parseBounded(text, key string, least, most uint64) (uint64, bool) {
	digits, ok := strings.CutPrefix(text, key)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return n, err == nil && n >= least && n <= most
}
