package main

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml"

	"loyaltill/internal/stage"
)

// story is the demo's data file: who is there, what happens, and what must come out, worked out by hand.
type story struct {
	Members []stage.Member `yaml:"members"`
	Steps   []step         `yaml:"steps"`
}

// step is one thing that happens; exactly one of the fields beside Say is set.
type step struct {
	Say        string      `yaml:"say"`
	Tap        *tapStep    `yaml:"tap"`
	ChoosePIN  string      `yaml:"choose_pin"`
	PIN        *pinStep    `yaml:"pin"`
	Sale       *saleStep   `yaml:"sale"`
	Return     *returnStep `yaml:"return"`
	Coupon     *couponStep `yaml:"coupon"`
	Paper      string      `yaml:"paper"`       // "out at row N of the next print" is paper: out; "in" puts a roll in
	Sync       bool        `yaml:"sync"`        // wait until store and head office agree
	HeadOffice string      `yaml:"head_office"` // off, on
	Close      *closeStep  `yaml:"close"`
	Report     *reportStep `yaml:"report"`
	Pull       *pullStep   `yaml:"pull"`
	Verify     bool        `yaml:"verify"`
}

type tapStep struct {
	Card      string `yaml:"card"`
	Balance   int64  `yaml:"balance"`
	Available int64  `yaml:"available"`
}

type pinStep struct {
	Digits    string `yaml:"digits"`
	Refused   string `yaml:"refused"` // the code that must come, empty for a right PIN
	TriesLeft int    `yaml:"tries_left"`
}

type saleStep struct {
	Lines    []line   `yaml:"lines"`
	Redeem   int64    `yaml:"redeem"`
	All      bool     `yaml:"redeem_all"`
	Rewards  []string `yaml:"rewards"`
	Coupon   bool     `yaml:"coupon"`  // the one printed last is shown
	Refused  string   `yaml:"refused"` // the code that the quote must be refused with; nothing is sold then
	Total    int64    `yaml:"total"`
	Redeemed int64    `yaml:"redeemed"`
	Value    int64    `yaml:"value"`
	ToPay    int64    `yaml:"to_pay"`
	Earned   int64    `yaml:"earned"`
	Balance  int64    `yaml:"balance"`
	Paper    []string `yaml:"paper"` // what must stand on the receipt
	Stuck    string   `yaml:"stuck"` // the printer's code while the job waits, empty when it prints at once
	PNG      string   `yaml:"png"`
}

type returnStep struct {
	Line     int      `yaml:"line"` // of the sale before, from 0
	Quantity int64    `yaml:"quantity"`
	Refund   int64    `yaml:"refund"`
	Taken    int64    `yaml:"taken"`
	Back     int64    `yaml:"back"`
	Balance  int64    `yaml:"balance"`
	Paper    []string `yaml:"paper"`
	PNG      string   `yaml:"png"`
}

type line struct {
	SKU      string `yaml:"sku"`
	Name     string `yaml:"name"`
	Category string `yaml:"category"`
	Quantity int64  `yaml:"quantity"`
	Amount   int64  `yaml:"amount"`
	Tax      int64  `yaml:"tax"`
}

type couponStep struct {
	Coupon string   `yaml:"coupon"`
	Value  int64    `yaml:"value"`
	Paper  []string `yaml:"paper"`
	PNG    string   `yaml:"png"`
}

type closeStep struct {
	Sales    int64    `yaml:"sales"`
	Total    int64    `yaml:"total"`
	ToPay    int64    `yaml:"to_pay"`
	Earned   int64    `yaml:"earned"`
	Redeemed int64    `yaml:"redeemed"`
	Value    int64    `yaml:"value"`
	Loaded   int64    `yaml:"loaded"`
	Coupons  int64    `yaml:"coupons"`
	Refund   int64    `yaml:"refund"`
	Paper    []string `yaml:"paper"`
	PNG      string   `yaml:"png"`
}

type reportStep struct {
	Members []struct {
		Member  int64 `yaml:"member"`
		Balance int64 `yaml:"balance"`
		OnCard  int64 `yaml:"on_card"`
	} `yaml:"members"`
	Entries     int64 `yaml:"entries"`
	Differences int64 `yaml:"differences"`
}

type pullStep struct {
	Entries int64 `yaml:"entries"` // of the closed day, the close included
}

func readStory(path string) (*story, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s story
	if err := yaml.UnmarshalWithOptions(raw, &s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &s, nil
}
