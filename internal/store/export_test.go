package store

import "fmt"

// LimitPages is a disk without room: the database grows to no more than n pages,
// or than it has.
func LimitPages(tx *Tx, n int) error {
	rows, err := tx.db.QueryContext(tx.ctx, fmt.Sprintf("pragma max_page_count = %d", n))
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Close()
}
