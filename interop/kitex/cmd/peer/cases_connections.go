package main

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/cloudwego/kitex/client/callopt"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
)

func connectionCases() []testCase {
	messages := onFamily(pingPong, kitexPB)
	mux := func(t *wireTransport) bool { return messages(t) && t.mux }
	each := func(t *wireTransport) bool { return messages(t) && !t.mux }
	return []testCase{
		{"short-connections", "20 calls, each on a connection of its own, failures in between", each, caseShort},
		{"one-connection-64", "64 calls at once on one connection, the first ones the slowest", mux, caseOneConnection},
		{"one-connection-mixed", "failures, large bodies and a missed deadline on one connection", mux, caseOneConnectionMixed},
	}
}

// simpleClient calls methods that both IDLs have in some form.
type simpleClient struct {
	// echo answers with the body.
	echo func(body []byte, options ...callopt.Option) ([]byte, error)
	// fail answers with an error of that kind.
	fail func(kind string) error
	// wait answers with the body after that time.
	wait func(millis int32, options ...callopt.Option) error
}

func (e *env) simpleClient(m manner, dialer *countingDialer) (*simpleClient, error) {
	options := e.transport.options(e.addr, m, dialer)
	if e.transport.family == pingPong {
		c, err := interopservice.NewClient(pingPongDestination, options...)
		return &simpleClient{
			echo: func(body []byte, options ...callopt.Option) ([]byte, error) {
				return c.Blob(context.Background(), body, options...)
			},
			fail: func(kind string) error {
				_, err := c.Fail(context.Background(), kind, e.withTimeout())
				return err
			},
			wait: func(millis int32, options ...callopt.Option) error {
				_, err := c.Sleep(context.Background(), millis, options...)
				return err
			},
		}, err
	}
	c, err := newStreamClient(e.transport, options)
	return &simpleClient{
		echo: func(body []byte, options ...callopt.Option) ([]byte, error) {
			reply, err := c.Unary(context.Background(), &interop.Msg{Body: body}, options...)
			return bodyOf(0, reply, err)
		},
		fail: func(kind string) error {
			_, err := c.Unary(context.Background(), &interop.Msg{Plan: &interop.Plan{FailKind: kind}}, e.withTimeout())
			return err
		},
		wait: func(millis int32, options ...callopt.Option) error {
			_, err := c.Unary(context.Background(), &interop.Msg{Plan: &interop.Plan{IntervalMs: millis}}, options...)
			return err
		},
	}, err
}

func (o *outcome) checkBody(c *simpleClient, number, size int, options ...callopt.Option) {
	body := fillBody(uint64(number), size)
	reply, err := c.echo(body, options...)
	o.check(err == nil, "call %d: %v", number, err)
	o.check(err != nil || bytes.Equal(reply, body), "call %d: the echo differs", number)
}

func caseShort(e *env, o *outcome) {
	const calls = 20
	dialer := newCountingDialer()
	c, err := e.simpleClient(manner{short: true}, dialer)
	if !o.succeed(err) {
		return
	}
	for i := 0; i < calls; i++ {
		if i%5 == 4 {
			o.check(c.fail(failPlain) != nil, "call %d succeeded", i)
			continue
		}
		o.checkBody(c, i, 1+i*977, e.withTimeout())
	}
	o.Result = map[string]int64{"calls": calls, "dials": dialer.dials.Load()}
	o.check(dialer.dials.Load() == calls, "%d connections", dialer.dials.Load())
}

func caseOneConnection(e *env, o *outcome) {
	const calls = 64
	dialer := newCountingDialer()
	c, err := e.simpleClient(manner{connections: 1}, dialer)
	if !o.succeed(err) {
		return
	}
	o.checkBody(c, 0, 1, e.withTimeout()) // so that it is connected
	var group sync.WaitGroup
	for i := 0; i < calls; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if i%2 == 0 {
				err := c.wait(int32(calls-i), e.withTimeout())
				o.check(err == nil, "call %d: %v", i, err)
			}
			o.checkBody(c, i, 1+i*977, e.withTimeout())
		}()
	}
	group.Wait()
	o.Result = map[string]int64{"atOnce": calls, "dials": dialer.dials.Load()}
	o.check(dialer.dials.Load() == 1, "%d connections", dialer.dials.Load())
}

// caseOneConnectionMixed lets calls fail in every way among others: none of them may harm its neighbours.
func caseOneConnectionMixed(e *env, o *outcome) {
	const rounds = 4
	dialer := newCountingDialer()
	c, err := e.simpleClient(manner{connections: 1}, dialer)
	if !o.succeed(err) {
		return
	}
	o.checkBody(c, 0, 1, e.withTimeout())
	var group sync.WaitGroup
	run := func(f func()) {
		group.Add(1)
		go func() {
			defer group.Done()
			f()
		}()
	}
	for i := 0; i < rounds; i++ {
		run(func() {
			o.check(c.wait(400, callopt.WithRPCTimeout(150*time.Millisecond)) != nil, "round %d: the slow call succeeded", i)
		})
		run(func() { o.check(c.fail(failPlain) != nil, "round %d: the failing call succeeded", i) })
		run(func() { o.checkBody(c, i, 1<<18, e.withTimeout()) })
		run(func() { o.checkBody(c, i, i, e.withTimeout()) })
	}
	group.Wait()
	// The replies that nobody waits for any more come meanwhile.
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
		o.checkBody(c, 1, 100, e.withTimeout())
	}
	o.Result = map[string]int64{"rounds": rounds, "dials": dialer.dials.Load()}
	o.check(dialer.dials.Load() == 1, "%d connections", dialer.dials.Load())
}
