package store

import (
	"fmt"
	"strings"
)

// TimelineQueries are the queries of a timeline's pages, by the index that each
// is to walk along.
func TimelineQueries(tx *Tx) map[string]string {
	return map[string]string{
		"timeline_instance": fmt.Sprintf(timelineQuery, tx.indexed("timeline_instance"), ""),
		"timeline_kind":     fmt.Sprintf(timelineQuery, tx.indexed("timeline_kind"), "and t.kind = $5"),
	}
}

// Plan says how SQLite means to answer a query; args beyond those that it takes
// are left out.
func Plan(tx *Tx, text string, args ...any) (string, error) {
	for n := len(args); n > 0 && !strings.Contains(text, fmt.Sprint("$", n)); n-- {
		args = args[:n-1]
	}
	rows, err := tx.db.QueryContext(tx.ctx, "explain query plan "+text, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return "", err
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "; "), rows.Err()
}
