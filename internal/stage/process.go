package stage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	readyTimeout = time.Minute
	stopTimeout  = time.Minute
)

// Process is one child. It says on its first line of standard output, as JSON, where it answers. On Linux it dies with this process, also
// with one that was killed.
type Process struct {
	Name  string
	Ready map[string]any

	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // why, valid after done
	log  *os.File
	once sync.Once
}

// start runs a program and waits for its ready line. Its standard error goes to a file in dir.
func start(ctx context.Context, dir, name, program string, args ...string) (*Process, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{Name: name, cmd: exec.Command(program, args...), done: make(chan struct{}), log: log}
	p.cmd.Stderr = log
	// A group of its own: Ctrl-C reaches the parent alone, which stops the children in order.
	p.cmd.SysProcAttr = childAttributes()
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	started, ready := make(chan error), make(chan map[string]any, 1)
	go p.live(bufio.NewScanner(stdout), started, ready)
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case p.Ready = <-ready:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("start %s: it ended at once (%w); see %s", name, p.err, log.Name())
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("start %s: no ready line: %w; see %s", name, ctx.Err(), log.Name())
	}
}

// live has one thread for the child from its start to its end, because the kernel ties a child's death signal to its thread.
func (p *Process) live(lines *bufio.Scanner, started chan<- error, ready chan<- map[string]any) {
	defer close(p.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.follow(lines, ready)
	}
}

// follow reads standard output to its end, then reaps the child.
func (p *Process) follow(lines *bufio.Scanner, ready chan<- map[string]any) {
	first := true
	for lines.Scan() {
		var m map[string]any
		if first && json.Unmarshal(lines.Bytes(), &m) == nil {
			ready <- m
			first = false
			continue
		}
		fmt.Fprintln(p.log, lines.Text())
	}
	p.err = p.cmd.Wait()
	if p.err == nil {
		p.err = errors.New("exit status 0")
	}
	p.log.Close()
}

// Text reads a field of the ready line.
func (p *Process) Text(field string) string {
	s, _ := p.Ready[field].(string)
	return s
}

// Stop asks the child to end and waits; one that does not is killed, which is an error.
func (p *Process) Stop() error {
	if p == nil {
		return nil
	}
	var err error
	p.once.Do(func() {
		if e := p.cmd.Process.Signal(stopSignal); e != nil && !errors.Is(e, os.ErrProcessDone) {
			err = e
		}
		select {
		case <-p.done:
			if code := p.cmd.ProcessState.ExitCode(); code != 0 {
				err = fmt.Errorf("stop %s: it ended with status %d; see %s", p.Name, code, p.log.Name())
			}
		case <-time.After(stopTimeout):
			_ = p.cmd.Process.Kill() // it has ended meanwhile when this fails
			<-p.done
			err = fmt.Errorf("stop %s: still running after %v, killed", p.Name, stopTimeout)
		}
	})
	return err
}

// Kill ends the child without warning, as a power cut would, and waits.
func (p *Process) Kill() {
	if p == nil {
		return
	}
	p.once.Do(func() {
		_ = p.cmd.Process.Kill() // it has ended meanwhile when this fails
		<-p.done
	})
}

// PID is the child's process number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// run executes a command to its end and gives its standard output.
func run(ctx context.Context, stdin, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out, fmt.Errorf("%s %s: status %d: %s", filepath.Base(program), args[0], exit.ExitCode(), exit.Stderr)
	}
	return out, err
}
