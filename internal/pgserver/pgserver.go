// Package pgserver runs a PostgreSQL of one's own, for tests: in a temporary folder, on a free port of 127.0.0.1, with a password, and
// as another user when the test is root, since PostgreSQL refuses root.
//
// It owns the server and the folder that it makes, and removes them. It touches no server that is there already, and no product contains it.
package pgserver

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Env chooses the engine on which a package's tests run: "postgres" starts a server for them, nothing is SQLite.
const Env = "LOYALTILL_TEST_DATABASE"

// serverEnv hands the running server to the tests of a process: an URL without a database's name.
const serverEnv = "LOYALTILL_TEST_POSTGRES"

// model is the database that new ones are copies of.
const model = "model"

// startLimit bounds making and starting a server, also on a slow machine.
const startLimit = 2 * time.Minute

// Main runs a package's tests with the server that Env asks for; without PostgreSQL on the machine it says so, which fails in CI. prepare makes the schema once, of which every test's database is a copy.
func Main(m *testing.M, prepare func(ctx context.Context, url string) error) int {
	if os.Getenv(Env) != "postgres" {
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	s, err := Start(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if os.Getenv("CI") == "" {
			return 0
		}
		return 1
	}
	defer s.Stop()
	if err = Try(ctx, s.url+"postgres", "CREATE DATABASE "+model); err == nil {
		err = prepare(ctx, s.url+model)
	}
	if err == nil {
		err = os.Setenv(serverEnv, s.url)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Chosen gives the URL of a new database when the tests are to run on PostgreSQL, and nothing when on SQLite.
func Chosen(t testing.TB) string {
	t.Helper()
	if os.Getenv(Env) != "postgres" {
		return ""
	}
	return New(t)
}

// Only is Chosen for a test that has nothing to say on SQLite.
func Only(t testing.TB) string {
	t.Helper()
	if os.Getenv(Env) != "postgres" {
		t.Skipf("runs with %s=postgres", Env)
	}
	return New(t)
}

// New gives the URL of a new database, on a server of the test's own if none runs. Without PostgreSQL on the machine the test is
// skipped, but not in CI.
func New(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	s, like := serving(), model
	if s.url == "" {
		like = ""
		var err error
		if s, err = Start(ctx); err != nil && os.Getenv("CI") == "" {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
	}
	return s.create(t, like)
}

// Copy gives the URL of a new database with all that is in another one, which nobody has open.
func Copy(t testing.TB, url string) string {
	t.Helper()
	return serving().create(t, url[strings.LastIndex(url, "/")+1:])
}

// Exec runs a statement in a database, past every rule of the program, and fails the test when the server refuses it.
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	if err := Try(t.Context(), url, statement); err != nil {
		t.Fatal(err)
	}
}

// Try is Exec for a statement that may be refused.
func Try(ctx context.Context, url, statement string) error {
	_, err := psql(ctx, url, statement)
	return err
}

// Statements are those that ran in a database whose URL has log_statement=all, in order, with single spaces and places for values.
func Statements(t testing.TB, url string) (all []string) {
	t.Helper()
	data, err := psql(t.Context(), url, "SHOW data_directory")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(data), "log"))
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "?")
	ours := false
	for line := range strings.Lines(string(log)) {
		rest, starts := strings.CutPrefix(line, name+" LOG:  ")
		_, statement, is := strings.Cut(rest, ": ")
		switch {
		case starts && is && (strings.HasPrefix(rest, "execute ") || strings.HasPrefix(rest, "statement: ")):
			all, ours = append(all, statement), true
		case ours && strings.HasPrefix(line, "\t"):
			all[len(all)-1] += line
		default:
			ours = false
		}
	}
	for i := range all {
		all[i] = strings.Join(strings.Fields(all[i]), " ")
	}
	return all
}

// serving is the server of this process.
func serving() *Server { return &Server{url: os.Getenv(serverEnv)} }

// create makes a database, like another one if that is named, for as long as the test runs.
func (s *Server) create(t testing.TB, like string) string {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text())
	statement := "CREATE DATABASE " + name
	if like != "" {
		statement += " TEMPLATE " + like
	}
	Exec(t, s.url+"postgres", statement)
	t.Cleanup(func() { s.drop(t, name) })
	return s.url + name
}

// Drop ends a database before its test ends: many would fill the disk.
func Drop(t testing.TB, url string) {
	t.Helper()
	serving().drop(t, url[strings.LastIndex(url, "/")+1:])
}

func (s *Server) drop(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit) // the test's own has ended
	defer cancel()
	if err := Try(ctx, s.url+"postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		t.Error(err)
	}
}
