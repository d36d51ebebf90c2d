package servertest_test

import (
	"os"
	"testing"

	"leat/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
