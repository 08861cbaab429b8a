package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"loyaltill/agent"
	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// paperCommand is for authors of templates (docs/paper.md); none of it needs a running agent.
type paperCommand struct {
	Check   paperCheckCommand   `cmd:"" help:"Name every fault of a folder of templates: file, line, column, field, remedy."`
	Preview paperPreviewCommand `cmd:"" help:"Draw a paper as a printer would print it."`
	Show    paperShowCommand    `cmd:"" help:"Print a built-in template, to begin one's own with."`
	Values  paperValuesCommand  `cmd:"" help:"Print the figures of an example as JSON, to try a template with others."`
}

// paperShop is the shop that templates are for.
type paperShop struct {
	Config    string   `help:"Configuration file of the store; then its languages and printers count." type:"existingfile" short:"c"`
	Languages []string `help:"Languages of paper, without a configuration." placeholder:"LANG,..."`
	Columns   int      `help:"Letters in a line of the narrowest printer, without a configuration: 48, 42 or 32." default:"48"`
}

// shop reads the settings; the configuration is empty without a file.
func (c paperShop) shop(r *render.Renderer) (template.Shop, agent.Config, error) {
	var cfg agent.Config
	if c.Config != "" {
		var err error
		if cfg, err = agent.LoadConfig(c.Config); err != nil {
			return template.Shop{}, cfg, err
		}
		shop, err := agent.PaperShop(cfg, r)
		return shop, cfg, err
	}
	shop := template.Shop{Languages: i18n.Langs(), Columns: c.Columns, Renderer: r}
	if len(c.Languages) > 0 {
		shop.Languages = nil
	}
	for _, tag := range c.Languages {
		l, ok := i18n.Parse(tag)
		if !ok {
			return shop, cfg, fmt.Errorf("--languages: %q is not one of en, lv, pl, et, fa, hy", tag)
		}
		shop.Languages = append(shop.Languages, l)
	}
	return shop, cfg, nil
}

type paperCheckCommand struct {
	paperShop
	Folder string `arg:"" help:"Folder with brand.yaml and templates."`
}

// Run prints a line for every fault, or one for each paper of a folder that is good.
func (c *paperCheckCommand) Run(s streams) error {
	renderer, err := render.New()
	if err != nil {
		return err
	}
	shop, _, err := c.shop(renderer)
	if err != nil {
		return err
	}
	folder, err := agent.LoadPaperFolder(c.Folder, shop)
	var faults template.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Fprintln(s.out, f)
		}
		return exitFaults
	}
	if err != nil {
		return err
	}
	for _, t := range folder.Templates() {
		fmt.Fprintf(s.out, "%s: %s\n", t.Paper, t.Source())
	}
	return nil
}

type paperPreviewCommand struct {
	paperShop
	Paper    string `arg:"" help:"Kind of paper (sale, return, coupon, gift_card, balance, day), or a template file."`
	Folder   string `help:"Folder with brand.yaml and templates; without it the built-in ones, or the configuration's." type:"existingdir"`
	Lang     string `help:"Language of the paper."`
	Profile  string `help:"Printer profile." default:"epson-tm-t20iii-80"`
	Width    int    `help:"Letters in a line, for paper of another width." placeholder:"COLUMNS"`
	Data     string `help:"JSON file with figures by field, as paper values prints them; without it an example that shows everything." type:"existingfile"`
	Copy     int    `help:"Mark it as this copy."`
	Training bool   `help:"Mark it as training."`
	Out      string `short:"o" help:"PNG to write; without it the text, and how each line is printed."`
}

// Run draws one paper.
func (c *paperPreviewCommand) Run(s streams) error {
	renderer, err := render.New()
	if err != nil {
		return err
	}
	shop, cfg, err := c.shop(renderer)
	if err != nil {
		return err
	}
	request, err := c.request(shop)
	if err != nil {
		return err
	}
	dir := c.Folder
	if dir == "" {
		dir = cfg.Paper.Templates
	}
	folder, err := agent.LoadPaperFolder(dir, shop)
	if err != nil {
		return err
	}
	previewer := agent.Previewer{
		Encoder: escpos.NewEncoder(renderer), Folder: folder, Shop: shop,
		Find: func(name string) (*escpos.Profile, error) { return escpos.FindProfile(name, cfg.Printers.Profiles) },
	}
	preview, err := previewer.Preview(request)
	if err != nil {
		return err
	}
	if c.Out != "" {
		return os.WriteFile(c.Out, preview.PNG, 0o644)
	}
	fmt.Fprintln(s.out, preview.Text)
	for _, l := range preview.Lines {
		fmt.Fprintf(s.out, "%-8s %4s  %s\n", l.Kind, dashForZero(l.Template), l.PrintedAs)
	}
	return nil
}

func dashForZero(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// request reads the files that the command names.
func (c *paperPreviewCommand) request(shop template.Shop) (agent.PreviewRequest, error) {
	r := agent.PreviewRequest{Paper: c.Paper, Language: c.Lang, Profile: c.Profile, Columns: c.Width, Copy: c.Copy, Training: c.Training}
	if strings.HasSuffix(c.Paper, ".yaml") {
		source, err := os.ReadFile(c.Paper)
		if err != nil {
			return r, fmt.Errorf("read template: %w", err)
		}
		t, err := template.Parse(c.Paper, source, receipt.Papers(), shop)
		if err != nil {
			return r, err
		}
		r.Paper, r.Template = t.Kind(), string(source)
	}
	if c.Data == "" {
		return r, nil
	}
	data, err := os.ReadFile(c.Data)
	if err == nil {
		err = json.Unmarshal(data, &r.Values)
	}
	if err != nil {
		return r, fmt.Errorf("read figures %s: %w", c.Data, err)
	}
	return r, nil
}

type paperShowCommand struct {
	Paper string `arg:"" help:"Kind of paper."`
}

func (c *paperShowCommand) Run(s streams) error {
	source, err := receipt.Source(c.Paper)
	if err != nil {
		return fmt.Errorf("%w; there are %s", err, strings.Join(agent.PaperKinds(), ", "))
	}
	_, err = s.out.Write(source)
	return err
}

type paperValuesCommand struct {
	Paper string `arg:"" help:"Kind of paper."`
	Lang  string `help:"Language of the figures." default:"en"`
}

func (c *paperValuesCommand) Run(s streams) error {
	l, ok := i18n.Parse(c.Lang)
	example := receipt.Example(c.Paper, l)
	if !ok || example == nil {
		return fmt.Errorf("no example of %q in %q; there are %s, in en, lv, pl, et, fa, hy", c.Paper, c.Lang, strings.Join(agent.PaperKinds(), ", "))
	}
	out := json.NewEncoder(s.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(example.Values())
}
