// Package web is the pages that the programs serve: the built files and how they reach a browser.
//
// It owns the Svelte sources (pages), their committed build (dist), the content security policy and how long a browser
// may keep each file. It never decides anything about a sale, keeps no state and knows no secret: a page gets its token
// in the fragment of its address, which no server sees, and talks to the API like any other client.
package web
