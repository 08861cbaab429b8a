package pgserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	portTries = 5 // somebody may take a free port before the server does
	askPause  = 50 * time.Millisecond
	stopLimit = 30 * time.Second
)

// Server is a running PostgreSQL. Nobody else knows its password.
type Server struct {
	url     string // postgres://…/ without a database's name
	bin     string
	dir     string
	process *exec.Cmd
	ended   chan error
	heir    *exec.Cmd // clears up behind this process, however that ends
	will    io.Closer
}

// Start makes and starts a server. It trusts nobody without the password, keeps every commit, and sorts text by bytes.
func Start(ctx context.Context) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "loyaltill-pg")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.appoint(); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

// inherit waits for the end of its input, which comes with the end of the process that holds the other side, also of one that was killed. It
// ends the server, if one runs, and removes the folder, into which a dying server may still write.
const inherit = `read -r _
kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")" 2>/dev/null
n=0
until rm -rf "$1" 2>/dev/null || [ $n -ge 300 ]; do n=$((n + 1)); sleep 0.1; done`

// appoint starts the heir, in a process group of its own: what ends the tests with a signal for all of theirs does not end it.
func (s *Server) appoint() (err error) {
	s.heir = exec.Command("sh", "-c", inherit, "sh", s.dir)
	s.heir.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.will, err = s.heir.StdinPipe(); err != nil {
		return err
	}
	return s.heir.Start()
}

// findBin finds the newest server: Debian keeps the versions side by side and out of PATH.
func findBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if at, err := exec.LookPath("initdb"); err == nil {
		found = append(found, at)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // elsewhere: 0, the last choice
		return n
	}
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed: apt-get install postgresql")
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

func (s *Server) start(ctx context.Context) error {
	secret := rand.Text()
	file := filepath.Join(s.dir, "password")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return err
	}
	who, err := s.servant()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	// The password goes as it is: a fleet that follows from its seed must not draw a nonce for each connection.
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", data, "-U", "head_office", "--pwfile", file, "-A", "password",
		"--locale=C", "-E", "UTF8", "--no-sync", "--no-instructions")
	cmd.Dir, cmd.SysProcAttr = s.dir, who
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	for range portTries {
		port, err := freePort()
		if err != nil {
			return err
		}
		if err = s.run(ctx, who, data, port, secret); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("it ended %d times: %s", portTries, log)
}

// servant is the user who runs the server: oneself, but never root.
func (s *Server) servant() (*syscall.SysProcAttr, error) {
	who := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() != 0 {
		return who, nil
	}
	u, err := user.Lookup("postgres") // Debian's package makes it
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	who.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for _, path := range []string{s.dir, filepath.Join(s.dir, "password")} {
		if err := os.Chown(path, int(uid), int(gid)); err != nil {
			return nil, err
		}
	}
	return who, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// run starts the server on a port and waits until it answers to the password, which no other server does.
func (s *Server) run(ctx context.Context, who *syscall.SysProcAttr, data string, port int, secret string) error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "log_line_prefix=%d ")
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, who, log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.ended = cmd, make(chan error, 1)
	go func() { s.ended <- cmd.Wait() }()
	s.url = fmt.Sprintf("postgres://head_office:%s@127.0.0.1:%d/", secret, port)
	for {
		if _, err := psql(ctx, s.url+"postgres", "SELECT 1"); err == nil {
			return nil
		}
		select {
		case err := <-s.ended:
			s.process = nil
			return fmt.Errorf("postgres: %w", errors.Join(err, errors.New("it ended at once")))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askPause):
		}
	}
}

// psql has the server's own client run one statement.
func psql(ctx context.Context, url, statement string) (string, error) {
	bin, err := findBin()
	if err != nil {
		return "", err
	}
	url, _, _ = strings.Cut(url, "?") // settings are the program's, not psql's
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Stop ends the server at once and removes its folder.
func (s *Server) Stop() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT)
		select {
		case <-s.ended:
		case <-time.After(stopLimit):
			_ = s.process.Process.Kill()
			<-s.ended
		}
	}
	_ = s.will.Close()
	_ = s.heir.Wait() // its exit status says nothing: the folder is gone, or somebody else has it
}
