// Package fsync stands between SQLite and the disk at the one moment that
// durability hangs on. With it a bench plays a slow disk, and a test sees what a
// power cut would leave. Nothing that serves users calls it.
package fsync

import (
	"database/sql"
	"errors"
	"sync"
	"unsafe"

	"modernc.org/libc"
	_ "modernc.org/sqlite" // the driver sqlite
	sqlite3 "modernc.org/sqlite/lib"
)

// Before calls fn before each fsync of SQLite in this process, with the path of
// the file, from the goroutine that waits for it. It holds for files that are
// opened from now on. It may be called once.
func Before(fn func(path string)) error {
	set := false
	var err error
	once.Do(func() {
		set = true
		if err = initialize(); err == nil {
			before = fn
			err = hook()
		}
	})
	if !set {
		return errors.New("fsync: only one can stand before it")
	}
	return err
}

var (
	once    sync.Once
	before  func(path string)
	open    func(tls *libc.TLS, vfs, path, file uintptr, flags int32, out uintptr) int32
	mu      sync.Mutex
	methods = map[uintptr]uintptr{}          // ours, by SQLite's
	syncs   = map[uintptr]func(call) int32{} // SQLite's, by our methods
	paths   = map[uintptr]string{}           // by file
)

// call is what xSync is called with.
type call struct {
	tls   *libc.TLS
	file  uintptr
	flags int32
}

// initialize lets the driver set SQLite up in its own way first.
func initialize() error {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	return errors.Join(db.Ping(), db.Close())
}

// hook replaces the method of the default file system that opens files.
func hook() error {
	tls := libc.NewTLS()
	defer tls.Close()
	found := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if found == 0 {
		return errors.New("fsync: SQLite has no file system")
	}
	vfs := at[sqlite3.Tsqlite3_vfs](found)
	open = *(*func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32)(unsafe.Pointer(&struct{ f uintptr }{vfs.FxOpen}))
	vfs.FxOpen = pointer(opening)
	return nil
}

// at sees C's memory as what it holds.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// pointer is a function as C's code calls it.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) }

// opening opens a file and gives it methods of which one is ours.
func opening(tls *libc.TLS, vfs, path, file uintptr, flags int32, out uintptr) int32 {
	status := open(tls, vfs, path, file, flags, out)
	f := at[sqlite3.Tsqlite3_file](file)
	if status != sqlite3.SQLITE_OK || f.FpMethods == 0 {
		return status
	}
	mu.Lock()
	defer mu.Unlock()
	ours := methods[f.FpMethods]
	if ours == 0 {
		theirs := *at[sqlite3.Tsqlite3_io_methods](f.FpMethods)
		ours = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(theirs)))
		if ours == 0 {
			return sqlite3.SQLITE_NOMEM
		}
		original := *(*func(*libc.TLS, uintptr, int32) int32)(unsafe.Pointer(&struct{ f uintptr }{theirs.FxSync}))
		theirs.FxSync = pointer(syncing)
		*at[sqlite3.Tsqlite3_io_methods](ours) = theirs
		methods[f.FpMethods] = ours
		syncs[ours] = func(c call) int32 { return original(c.tls, c.file, c.flags) }
	}
	f.FpMethods = ours
	paths[file] = libc.GoString(path)
	return status
}

// syncing is xSync.
func syncing(tls *libc.TLS, file uintptr, flags int32) int32 {
	mu.Lock()
	path, original := paths[file], syncs[at[sqlite3.Tsqlite3_file](file).FpMethods]
	mu.Unlock()
	before(path)
	return original(call{tls, file, flags})
}
