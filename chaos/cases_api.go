package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tenantry/chaos/model"
)

func apiCases() []experiment {
	return []experiment{
		{name: "api-killed-uploading", what: "SIGKILL to api processes while uploads arrive; clients come again with their keys", short: true, run: apiKilledUploading},
		{name: "api-killed-at-point", what: "SIGKILL to an api process at each fault point from the blob to the answer", short: true, run: apiKilledAtPoint},
		{name: "upload-broken", what: "uploads that break off at 1, 50 and 99 %, announced and chunked", short: true, run: uploadBroken},
		{name: "slow-uploads", what: "200 uploads at 1 KB/s while normal ones go on", run: slowUploads},
		{name: "store-full", what: "the blob store is full during uploads", run: storeFull},
		{name: "store-away", what: "the blob store takes nothing for longer than five claims take, while imports end: they wait", run: storeAway},
	}
}

func apiKilledUploading(t *trial) {
	t.mayOrphan = true
	apis := []*process{t.api(), t.api()}
	t.worker()
	t.worker()
	var broken atomic.Int64
	t.send(t.plan(load{tenants: 4, files: 3, rows: 1500}), func(_ *model.Sent, u *delivery) {
		u.piece = 4 << 10
		u.pace = func(int, int) error { time.Sleep(30 * time.Millisecond); return nil }
		u.failed = func(error) { broken.Add(1) }
	})
	for range 4 {
		t.sleep(t.between(100*time.Millisecond, 700*time.Millisecond))
		api := apis[t.rand.IntN(len(apis))]
		api.crash()
		api.again()
	}
	t.conclude()
	t.shown(int(broken.Load()), "uploads under way when a process died")
}

func apiKilledAtPoint(t *trial) {
	t.mayOrphan = true
	var doomed []*process
	for _, point := range apiPoints() {
		doomed = append(doomed, t.api(t.faults(fmt.Sprintf("%s=kill@%d", point, 1+t.rand.IntN(2)))))
	}
	t.worker()
	t.worker()
	work := load{tenants: 8, files: 4, rows: 300}
	t.send(t.plan(work))
	t.revive(doomed, work)
	t.conclude()
}

var errGaveUp = errors.New("the client gave up")

func uploadBroken(t *trial) {
	t.api()
	t.worker()
	broken := t.plan(load{tenants: 6, rows: 1500, fate: model.Refused})
	for i, s := range broken {
		at := []float64{0.01, 0.5, 0.99}[i%3]
		u := upload(s, delivery{piece: len(s.Bytes) / 500, blind: t.rand.IntN(2) == 0})
		u.pace = func(sent, size int) error {
			if float64(sent) >= at*float64(size) {
				return errGaveUp
			}
			return nil
		}
		t.fault("the upload of %s breaks off at %.0f %%", s.Name, 100*at)
		if run, err := t.nodes.once(t.ctx, u); err == nil {
			t.violate("I4", "%s broke off at %.0f %% and was accepted as %s", s.Name, 100*at, run)
		}
	}
	// The same users' next files are whole.
	t.send(t.plan(load{tenants: 6, rows: 800}))
	t.conclude()
}

func slowUploads(t *trial) {
	t.api()
	t.api()
	t.worker()
	t.worker()
	var slow []*model.Sent
	for range 25 {
		slow = append(slow, t.plan(load{tenants: 8, rows: 200})...)
	}
	t.fault("200 uploads begin, at 1 KB/s")
	for _, s := range slow {
		t.senders.Go(func() {
			t.deliver(s, upload(s, delivery{piece: 1 << 10,
				pace: func(int, int) error { time.Sleep(time.Second); return nil }}))
		})
	}
	t.sleep(2 * time.Second)
	var worst time.Duration
	var mu sync.Mutex
	var normal sync.WaitGroup
	for _, s := range t.plan(load{tenants: 8, rows: 1000}) {
		normal.Go(func() {
			began := time.Now()
			t.deliver(s, upload(s, delivery{}))
			mu.Lock()
			worst = max(worst, time.Since(began))
			mu.Unlock()
		})
	}
	t.wait(&normal, "the normal uploads")
	t.note("a normal upload beside them was answered within %.1f s", worst.Seconds())
	if worst > 5*time.Second {
		t.violate("I4", "a normal upload waited %.1fs behind slow ones", worst.Seconds())
	}
	t.conclude()
}

// withDisk starts a server whose blobs are on a disk of its own, of 1 MiB.
func withDisk(t *trial) (server *process, disk string) {
	disk = filepath.Join(t.dir, "disk")
	t.check(os.Mkdir(disk, 0o700))
	server = t.process("serve", settings{"BLOB_URL": "file://" + disk})
	server.disk = disk
	if os.Geteuid() != 0 {
		t.skip("only root may mount a small disk")
	}
	server.run()
	t.await(10*time.Second, "the small disk", func() bool { return mounted(server, disk) })
	return server, disk
}

func storeAway(t *trial) {
	server, disk := withDisk(t)
	t.check(remount(t.ctx, server, disk, "size=100m"))
	for _, s := range t.plan(load{tenants: 8, rows: 4000}) {
		t.deliver(s, upload(s, delivery{}))
	}
	t.check(remount(t.ctx, server, disk, "ro"))
	t.fault("the store takes nothing more")
	t.sleep(45 * time.Second)
	t.check(remount(t.ctx, server, disk, "rw"))
	t.fault("the store takes blobs again")
	t.settle(settleWithin)
	t.listBlobs(fmt.Sprintf("/proc/%d/root%s", server.PID(), disk))
	t.noBlobs = true
	t.conclude()
}

func storeFull(t *trial) {
	server, disk := withDisk(t)
	// About 2 MiB of files on a disk of 1 MiB; their rejects want room too.
	sent := t.plan(load{tenants: 8, rows: 4000, fate: model.MayVanish})
	full := 0
	for _, s := range sent {
		run, err := t.nodes.once(t.ctx, upload(s, delivery{}))
		if err != nil {
			full++
			t.fault("%s was refused: %v", s.Name, err)
			continue
		}
		s.Answer = run
	}
	if full == 0 {
		t.check(errors.New("the disk was never full"))
	}
	t.note("%d of %d uploads were refused for want of room", full, len(sent))
	// What was accepted waits for room for its rejects, and ends once there is some.
	t.sleep(10 * time.Second)
	t.check(remount(t.ctx, server, disk, "size=100m"))
	t.fault("the disk has room again")
	t.settle(settleWithin)
	t.listBlobs(fmt.Sprintf("/proc/%d/root%s", server.PID(), disk))
	t.noBlobs = true
	t.conclude()
}
