package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	isolate()
	testscript.Main(m, map[string]func(){"headoffice": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			programme, err := os.ReadFile("../../docs/programmes/plain.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(env.WorkDir+"/plain.yaml", programme, 0o600)
		},
	})
}
