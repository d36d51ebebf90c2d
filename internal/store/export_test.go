package store

import "fmt"

// LimitPages is a disk without room: the database grows to no more than n pages,
// or than it has.
func LimitPages(tx *Tx, n int) error { return Ask(tx, fmt.Sprintf("pragma max_page_count = %d", n)) }

// Ask runs any query.
func Ask(tx *Tx, text string) error {
	rows, err := tx.db.QueryContext(tx.ctx, text)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}
