package e2e

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// accessible holds the page against WCAG 2.2 AA by axe-core, in both themes. Between them only colours differ.
func (p *tillPage) accessible(name string) {
	p.t.Helper()
	if p.axe == "" {
		peersNode(p.t)
		source, err := os.ReadFile(filepath.Join(peersDir, "node_modules", "axe-core", "axe.min.js"))
		must(p.t, err)
		p.axe = string(source)
	}
	p.eval(`(() => { if (window.axe) return; ` + p.axe + `; })()`)
	for theme, only := range map[string]string{
		"light": `{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }`,
		"dark":  `{ type: 'rule', values: ['color-contrast'] }`,
	} {
		p.scheme(theme)
		p.eval(`window.axeFound = undefined; axe.run(document, { runOnly: ` + only + `, resultTypes: ['violations'], preload: false })
			.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target + ': ' + n.failureSummary)).join('\n'), (e) => 'axe: ' + e)
			.then((found) => { window.axeFound = found }); undefined`)
		p.until("axe", `window.axeFound !== undefined`)
		found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`window.axeFound`))
		must(p.t, err)
		if found != "" {
			p.t.Errorf("%s, %s, %s: against WCAG 2.2 AA\n%s", name, p.lang, theme, found)
		}
	}
	p.scheme("light")
}
