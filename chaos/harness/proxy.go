package harness

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Proxy is a stretch of network between two parts, which can be made bad. It listens on
// a port of 127.0.0.1.
type Proxy struct {
	listener net.Listener
	network  string
	target   string

	mu      sync.Mutex
	links   map[*link]struct{}
	latency time.Duration
	hole    chan struct{} // closed when what is sent arrives; open: a black hole
	closed  bool
	wg      sync.WaitGroup
}

// link is one connection through the proxy.
type link struct{ client, server net.Conn }

// NewProxy listens for connections to the target.
func NewProxy(network, target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, network: network, target: target, links: map[*link]struct{}{}, hole: make(chan struct{})}
	close(p.hole)
	p.wg.Go(p.serve)
	return p, nil
}

// Addr is where it listens, as host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Delay makes every piece arrive that much later, in each direction.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	p.latency = d
	p.mu.Unlock()
}

// BlackHole lets nothing arrive, in either direction, not even the end of a connection;
// connections are still taken. What was sent arrives after Restore, as it does when a
// network comes back.
func (p *Proxy) BlackHole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = make(chan struct{})
}

// Restore ends what Delay and BlackHole began.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = 0
	select {
	case <-p.hole:
	default:
		close(p.hole)
	}
}

// Reset breaks a share (0 to 1) of the connections with a TCP reset, and says how many.
func (p *Proxy) Reset(share float64, rng *rand.Rand) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l := range p.links {
		if rng.Float64() < share {
			l.reset()
			n++
		}
	}
	return n
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() {
	p.Restore()
	p.mu.Lock()
	p.closed = true
	for l := range p.links {
		l.reset()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.wg.Wait()
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.join(client) })
	}
}

func (p *Proxy) join(client net.Conn) {
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		(&link{client: client}).reset()
		return
	}
	l := &link{client, server}
	p.mu.Lock()
	if p.closed {
		l.reset()
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.carry(client, server) })
	both.Go(func() { p.carry(server, client) })
	both.Wait()
	l.reset()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// carry brings bytes one way until either end is gone; then both are.
func (p *Proxy) carry(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.travel()
		if n > 0 {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				err = werr
			}
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}

// travel takes as long as the network takes now.
func (p *Proxy) travel() {
	p.mu.Lock()
	latency, hole := p.latency, p.hole
	p.mu.Unlock()
	if latency > 0 {
		time.Sleep(latency)
	}
	<-hole
}

func (l *link) reset() {
	for _, c := range []net.Conn{l.client, l.server} {
		if c == nil {
			continue
		}
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
}
