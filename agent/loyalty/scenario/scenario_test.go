package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

var folder = filepath.Join("..", "testdata", "scenarios")

// programmeOf is the programme beside the stories, or else the ready one of the folder's name.
func programmeOf(t *testing.T, dir string) *loyalty.Programme {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(dir, "programme.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		document, err = os.ReadFile(filepath.Join("..", "..", "..", "docs", "programmes", filepath.Base(dir)+".yaml"))
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := loyalty.Compile(document)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryStoryEndsAsItIsTold(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.txt"))
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d stories, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(filepath.Base(filepath.Dir(file))+"/"+name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			story, err := Parse(string(text))
			if err != nil {
				t.Fatalf("%s:%v", file, err)
			}
			if story.Title == "" || !strings.Contains(string(text), "\nexpect ") {
				t.Errorf("%s: a story has a title and expects something", file)
			}
			result, err := story.Play(programmeOf(t, filepath.Dir(file)))
			if err != nil {
				t.Errorf("%s:%v", file, err)
			}
			for _, m := range result.Misses {
				t.Errorf("%s:%v", file, m)
			}
		})
	}
}

func TestEveryReadyProgrammeHasAStory(t *testing.T) {
	programmes, err := filepath.Glob(filepath.Join("..", "..", "..", "docs", "programmes", "*.yaml"))
	if err != nil || len(programmes) == 0 {
		t.Fatal(err)
	}
	for _, p := range programmes {
		name := strings.TrimSuffix(filepath.Base(p), ".yaml")
		if files, _ := filepath.Glob(filepath.Join(folder, name, "*.txt")); len(files) == 0 {
			t.Errorf("nobody shops under %s: tell a story in testdata/scenarios/%s", filepath.Base(p), name)
		}
	}
}

func TestAStoryThatCannotBePlayedSaysWhere(t *testing.T) {
	p := programmeOf(t, filepath.Join(folder, "plain"))
	for text, want := range map[string]string{
		"":                            "an empty story",
		"# a title\nbaskte milk 2.40": `2: "baskte" does not begin a line`,
		"redeem 100":                  "1: there is no open sale",
		"basket milk":                 `1: "milk": write what it is and what it costs`,
		"basket milk 2.405":           "1: \"2.405\" has more than 2 places",
		"basket milk x2":              "1: milk has no price",
		"day 2026-13-01":              "1: \"2026-13-01\" is not a day",
		"member anna\nday 2026-11-25\nday 2026-11-24": "3: 2026-11-24 is before 2026-11-25",
		"member":                           "1: say who",
		"member anna height 170":           `1: a member has no "height"`,
		"expect balance 5":                 "1: nobody stands at the till",
		"expect luck 5":                    `1: nothing is called "luck"`,
		"expect earned 5":                  "1: there was no sale",
		"basket milk 2.40\nbill 2":         `2: there is no bill "2"; 1 were made`,
		"basket milk 2.40\nreturn bread":   `2: the sale had no "bread"`,
		"basket milk 2.40\nexpect taken 1": "2: nothing was brought back",
	} {
		story, err := Parse(text)
		if err == nil {
			_, err = story.Play(p)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestWhatDidNotComeTrueIsNamed(t *testing.T) {
	story, err := Parse("member anna\nbasket milk 2.40  bread 3.10\nexpect earned 6\nexpect why base below_step\nbasket milk 2.40\npay cash 9.00")
	if err != nil {
		t.Fatal(err)
	}
	result, err := story.Play(programmeOf(t, filepath.Join(folder, "plain")))
	if err != nil {
		t.Fatal(err)
	}
	var misses []string
	for _, m := range result.Misses {
		misses = append(misses, m.String())
	}
	const want = "3: earned: want 6, got 5\n4: why: want base below_step, got base applied\n5: refused: want none, got sale.overpaid"
	if got := strings.Join(misses, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
