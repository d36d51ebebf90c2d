package bench_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"leat/internal/bench"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/store/storetest"
)

// TestMain stops the PostgreSQL that was started.
func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Both engines find among 10,000 names within the goal, whatever is searched for.
func BenchmarkSearchOfTenThousandNames(b *testing.B) {
	db := storetest.Open(b, storetest.Default(b))
	if err := db.Update(b.Context(), func(tx *store.Tx) error {
		return tx.InsertTeam(&fleet.Team{ID: "t-1", Name: "Bench", Slug: "bench", Type: "standard", Version: 1})
	}); err != nil {
		b.Fatal(err)
	}
	if err := bench.FillNames(b.Context(), db, "t-1"); err != nil {
		b.Fatal(err)
	}
	for _, q := range []string{"pump station 77", "boiler", "ipe", "south mi", "zebra"} {
		b.Run(q, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if err := db.View(b.Context(), func(tx *store.Tx) error { return searchAll(tx, q) }); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
		})
	}
}

func searchAll(tx *store.Tx, q string) error {
	in := store.Search{Terms: fleet.NewSearchTerms(q), Everywhere: true, Most: 9}
	for _, find := range []func(store.Search) ([]store.Hit, error){
		tx.SearchInstances, tx.SearchDashboards, tx.SearchApplications, tx.SearchTeams, tx.SearchSnapshots, tx.SearchUsers,
	} {
		if _, err := find(in); err != nil {
			return err
		}
	}
	return nil
}
