package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"

	"leat/api"
)

// problemCode reads the code of an error answer.
func problemCode(t *testing.T, res *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return problem(t, string(raw)).Code
}

// problem reads an error answer.
func problem(t *testing.T, body string) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("the answer is no problem: %v in %.200q", err, body)
	}
	return p
}

func itoa(n int) string { return strconv.Itoa(n) }
