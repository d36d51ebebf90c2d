package web_test

import (
	"context"
	"testing"
	"testing/synctest"

	"leat/internal/web"
)

func TestOnePersonsLargeBodiesLeaveRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := web.NewLargeGate()
		ctx, gone := context.WithCancel(t.Context())
		var held []func()
		for range 2 {
			held = append(held, g.Enter(ctx, "hog"))
		}
		waiting := make(chan func())
		for range 6 {
			go func() { waiting <- g.Enter(ctx, "hog") }()
		}
		synctest.Wait()
		leave := g.Enter(t.Context(), "other")
		if leave == nil {
			t.Fatal("somebody else got no place")
		}
		leave()
		held[0]()
		next := <-waiting
		if next == nil {
			t.Fatal("who waited got no place that was free again")
		}
		next()
		held[1]()
		gone()
		for range 5 {
			if leave := <-waiting; leave != nil {
				leave()
			}
		}
		if n := g.Known(); n != 0 {
			t.Errorf("%d people are known who have left", n)
		}
	})
}
