package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var durationType = reflect.TypeFor[time.Duration]()

// readable says why a field of this type cannot be read, or nil.
func readable(t reflect.Type) error {
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return nil
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float64, reflect.Float32,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Slice:
		return readable(t.Elem())
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return readable(t.Elem())
		}
	}
	return fmt.Errorf("a %s cannot be configured", t)
}

// typeName is what a person calls the type.
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == reflect.TypeFor[Size]():
		return "size"
	case t == reflect.TypeFor[Addr]():
		return "host:port"
	case reflect.PointerTo(t).Implements(textUnmarshaler), t.Kind() == reflect.String:
		return "text"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "names with " + typeName(t.Elem())
	}
	return "number"
}

// setText parses text into a value. A list is apart by commas.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if v.Type() == durationType {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30s, 5m or 12h", text)
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(text) {
			return fmt.Errorf("the text is not UTF-8")
		}
		v.SetString(text)
	case reflect.Bool:
		return setBool(v, text)
	case reflect.Slice:
		return setList(v, text)
	case reflect.Map:
		return fmt.Errorf("can be set in the file only")
	default:
		return setNumber(v, text)
	}
	return nil
}

func setBool(v reflect.Value, text string) error {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		v.SetBool(true)
	case "false", "0", "no", "off":
		v.SetBool(false)
	default:
		return fmt.Errorf("%q is not true or false", text)
	}
	return nil
}

func setList(v reflect.Value, text string) error {
	list := reflect.MakeSlice(v.Type(), 0, 0)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := setText(item, part); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	v.Set(list)
	return nil
}

func setNumber(v reflect.Value, text string) error {
	outOfRange := func() error { return fmt.Errorf("%s is out of range", text) }
	switch {
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		if v.OverflowInt(n) {
			return outOfRange()
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number of 0 or more", text)
		}
		if v.OverflowUint(n) {
			return outOfRange()
		}
		v.SetUint(n)
	default:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n != n || v.OverflowFloat(n) {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(n)
	}
	return nil
}

// check holds a value against the tags min, max and oneof.
func (n *node) check() error {
	if words := strings.Fields(n.tag.Get("oneof")); len(words) > 0 {
		if text := fmt.Sprint(n.value.Interface()); !slices.Contains(words, text) {
			return fmt.Errorf("%q is not %s", text, strings.Join(words, " or "))
		}
	}
	return n.checkRange()
}

func (n *node) checkRange() error {
	least, hasLeast := n.tag.Lookup("min")
	most, hasMost := n.tag.Lookup("max")
	if !hasLeast && !hasMost {
		return nil
	}
	got := n.amount(n.value)
	if hasLeast && got < n.bound(least) || hasMost && got > n.bound(most) {
		subject := fmt.Sprint(n.value.Interface())
		if n.isText() || n.value.Kind() == reflect.Slice {
			subject = fmt.Sprintf("a length of %d", int(got))
		}
		return fmt.Errorf("%s is out of range (%s)", subject, rangeText(least, most))
	}
	return nil
}

func rangeText(least, most string) string {
	switch {
	case most == "":
		return "at least " + least
	case least == "":
		return "at most " + most
	}
	return least + " to " + most
}

// amount is what min and max are about: the number, or the length of text and lists.
func (n *node) amount(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.String:
		return float64(utf8.RuneCountInString(v.String()))
	}
	return float64(v.Len())
}

// bound reads a limit as the field itself would be read: 30s for a duration.
func (n *node) bound(text string) float64 {
	if n.value.CanInt() || n.value.CanUint() || n.value.CanFloat() {
		limit := reflect.New(n.value.Type()).Elem()
		if err := setText(limit, text); err == nil {
			return n.amount(limit)
		}
	}
	limit, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("config: %s has the limit %q", n.path, text))
	}
	return limit
}
