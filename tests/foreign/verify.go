// Verify checks a Veilleuse log with other people's code: Go's x/mod/sumdb note and tlog.
//
// It reads one JSON case from standard input, prints "ok" and exits 0 if all of it holds, and
// otherwise names what does not and exits 1. tests/protocol/test_go_foreign.py writes the cases.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type testCase struct {
	LogKey      string            `json:"log_key"`
	WitnessKeys []string          `json:"witness_keys"`
	Note        []byte            `json:"note"`
	Tiles       map[string][]byte `json:"tiles"`
	Bundles     []bundle          `json:"bundles"`
	Inclusion   []inclusion       `json:"inclusion"`
	Consistency []consistency     `json:"consistency"`
}

type bundle struct {
	First int64  `json:"first"`
	Data  []byte `json:"data"`
}

type inclusion struct {
	Index int64    `json:"index"`
	Entry []byte   `json:"entry"`
	Path  [][]byte `json:"path"`
}

type consistency struct {
	OldSize int64    `json:"old_size"`
	OldRoot []byte   `json:"old_root"`
	Path    [][]byte `json:"path"`
}

// cosigner is a note.Verifier for cosignature/v1, which x/mod does not have.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a verifier key has three parts")
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(material) != 33 || material[0] != 4 {
		return nil, errors.New("not a cosigner's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	if !bytes.Equal(sum[:4], id) {
		return nil, errors.New("a cosigner's key id does not match its key")
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(id), material[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

// openCheckpoint requires a signature by the log and by every witness.
func openCheckpoint(c testCase) (tlog.Tree, error) {
	logKey, err := note.NewVerifier(c.LogKey)
	if err != nil {
		return tlog.Tree{}, err
	}
	verifiers := []note.Verifier{logKey}
	for _, vkey := range c.WitnessKeys {
		witness, err := newCosigner(vkey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open(c.Note, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(verifiers) {
		return tlog.Tree{}, fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != logKey.Name() {
		return tlog.Tree{}, errors.New("the text is not this log's checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// readTiles rebuilds the whole tree from the tiles of leaf hashes, then requires the root and
// every tile to be what tlog computes from those leaves.
//
// (TileHashReader, which a real client would use, leaves some tiles unchecked in the version of
// 2022: a changed one is then only seen by what it does to a proof.)
func readTiles(tree tlog.Tree, tiles map[string][]byte) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, fmt.Errorf("no hash %d", index)
			}
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n := int64(0); n < tree.N; n++ {
		tile := tlog.Tile{H: tileHeight, N: n >> tileHeight, W: 1 << tileHeight}
		if left := tree.N - tile.N<<tileHeight; left < 1<<tileHeight {
			tile.W = int(left)
		}
		at := int(n-tile.N<<tileHeight) * tlog.HashSize
		data := tiles[shortPath(tile)]
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has another length", shortPath(tile))
		}
		leaf := *(*tlog.Hash)(data[at : at+tlog.HashSize])
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, errors.New("the leaf hashes have another root")
	}
	for path, data := range tiles {
		tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, path))
		if err != nil {
			return nil, err
		}
		computed, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(computed, data) {
			return nil, fmt.Errorf("%s is not what its leaves give", path)
		}
	}
	return reader, nil
}

// shortPath is a tile's path in C2SP tlog-tiles, which leaves out the height.
func shortPath(tile tlog.Tile) string {
	return strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

func toHashes(raw [][]byte) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, data := range raw {
		if len(data) != tlog.HashSize {
			return nil, errors.New("a hash is not 32 bytes long")
		}
		hashes = append(hashes, *(*tlog.Hash)(data))
	}
	return hashes, nil
}

func equal(ours, theirs []tlog.Hash) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			return false
		}
	}
	return true
}

func checkInclusion(tree tlog.Tree, reader tlog.HashReader, i inclusion) error {
	path, err := toHashes(i.Path)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, i.Index, tlog.RecordHash(i.Entry)); err != nil {
		return err
	}
	proof, err := tlog.ProveRecord(tree.N, i.Index, reader)
	if err != nil {
		return err
	}
	if !equal(path, proof) {
		return errors.New("the tiles give another inclusion proof")
	}
	return nil
}

func checkConsistency(tree tlog.Tree, reader tlog.HashReader, c consistency) error {
	path, err := toHashes(append(c.Path, c.OldRoot))
	if err != nil {
		return err
	}
	path, oldRoot := path[:len(path)-1], path[len(path)-1]
	if err := tlog.CheckTree(path, tree.N, tree.Hash, c.OldSize, oldRoot); err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, c.OldSize, reader)
	if err != nil {
		return err
	}
	if !equal(path, proof) {
		return errors.New("the tiles give another consistency proof")
	}
	return nil
}

func checkBundle(reader tlog.HashReader, b bundle) error {
	rest := b.Data
	for index := b.First; len(rest) > 0; index++ {
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			return errors.New("the bundle is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if stored[0] != tlog.RecordHash(rest[2:end]) {
			return errors.New("the entry is not the one in the tree")
		}
		rest = rest[end:]
	}
	return nil
}

func verify(c testCase) error {
	tree, err := openCheckpoint(c)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	reader, err := readTiles(tree, c.Tiles)
	if err != nil {
		return fmt.Errorf("tile: %w", err)
	}
	for _, b := range c.Bundles {
		if err := checkBundle(reader, b); err != nil {
			return fmt.Errorf("bundle from %d: %w", b.First, err)
		}
	}
	for _, i := range c.Inclusion {
		if err := checkInclusion(tree, reader, i); err != nil {
			return fmt.Errorf("inclusion of %d: %w", i.Index, err)
		}
	}
	for _, old := range c.Consistency {
		if err := checkConsistency(tree, reader, old); err != nil {
			return fmt.Errorf("consistency from %d: %w", old.OldSize, err)
		}
	}
	return nil
}

func main() {
	var c testCase
	err := json.NewDecoder(os.Stdin).Decode(&c)
	if err == nil {
		err = verify(c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
