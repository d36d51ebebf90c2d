package store

import (
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Flows are the flows an instance has now.
type Flows struct {
	Instance fleet.InstanceID
	Flows    json.RawMessage
	Digest   string
	Nodes    int
	// Credentials are sealed; empty where there are none.
	Credentials []byte
	Deploy      fleet.DeployID
	// Packed is what [PackFlows] made of Flows; where it is nil they are packed in
	// the transaction.
	Packed []byte
}

// PackFlows compresses flows for [Flows].Packed, which takes milliseconds: call it
// before the transaction.
func PackFlows(flows json.RawMessage) ([]byte, error) { return pack(flows) }

func (f *Flows) pack() ([]byte, error) {
	if f.Packed != nil {
		return f.Packed, nil
	}
	return pack(f.Flows)
}

// InsertFlows gives a new instance its flows.
func (tx *Tx) InsertFlows(f *Flows) error {
	packed, err := f.pack()
	if err != nil {
		return err
	}
	return noun(tx.q.InsertFlows(tx.ctx, query.InsertFlowsParams{
		InstanceID: f.Instance, Flows: packed, Digest: f.Digest, Nodes: int64(f.Nodes), Credentials: notNil(f.Credentials), DeployID: f.Deploy,
	}), "flows", "insert")
}

// Flows finds the flows of an instance.
func (tx *Tx) Flows(id fleet.InstanceID) (*Flows, error) {
	r, err := tx.q.Flows(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "instance", "read")
	}
	plain, err := unpack(r.Flows)
	if err != nil {
		return nil, fmt.Errorf("read flows of %s: %w", id, err)
	}
	return &Flows{Instance: id, Flows: plain, Digest: r.Digest, Nodes: int(r.Nodes), Credentials: r.Credentials, Deploy: r.DeployID}, nil
}

// FlowsBase is the digest of the flows an instance has, and its sealed
// credentials.
func (tx *Tx) FlowsBase(id fleet.InstanceID) (digest string, credentials []byte, err error) {
	r, err := tx.q.FlowsBase(tx.ctx, id)
	return r.Digest, r.Credentials, noun(err, "instance", "read")
}

// UpdateFlows replaces an instance's flows. Where Credentials is nil those that
// are there stay.
func (tx *Tx) UpdateFlows(f *Flows) error {
	packed, err := f.pack()
	if err != nil {
		return err
	}
	var n int64
	if f.Credentials == nil {
		n, err = tx.q.UpdateFlowsKeepCredentials(tx.ctx, query.UpdateFlowsKeepCredentialsParams{
			InstanceID: f.Instance, Flows: packed, Digest: f.Digest, Nodes: int64(f.Nodes), DeployID: f.Deploy,
		})
	} else {
		n, err = tx.q.UpdateFlows(tx.ctx, query.UpdateFlowsParams{
			InstanceID: f.Instance, Flows: packed, Digest: f.Digest, Nodes: int64(f.Nodes), Credentials: f.Credentials, DeployID: f.Deploy,
		})
	}
	return one(n, err, "instance", "update")
}

// maxUnpacked bounds what a row may become in memory.
const maxUnpacked = 128 << 20

// pack compresses. Encoders and decoders hold much memory and are wanted seldom,
// so none is kept.
func pack(plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return []byte{}, nil
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	defer enc.Close()
	return enc.EncodeAll(plain, nil), nil
}

func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	defer dec.Close()
	return dec.DecodeAll(packed, nil)
}

// notNil is for columns that are never null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
