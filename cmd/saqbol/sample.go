package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"saqbol/fraud"
)

// sampleStore is what the demo's sample data needs of the store.
type sampleStore interface {
	Commit(ctx context.Context, change fraud.Change) ([]int64, error)
	Confirm(ctx context.Context, subject fraud.Ref, by string) error
}

// identify makes the form of a subject that may be kept.
type identify func(fraud.Subject) fraud.Ref

// sampleReport is one marked sample: how many people report what.
type sampleReport struct {
	subject   string // found by the recogniser
	reporters int
	scenario  fraud.Scenario
	channel   fraud.Channel
	claim     fraud.Claim
	daysAgo   int
	confirmed bool
}

// sampleReports are the demo's reports. The numbers are samples: a card with a
// made-up number, an account and telephone numbers of all but zeros.
func sampleReports() []sampleReport {
	return []sampleReport{
		{"+7 700 000 00 11", 3, fraud.ScenarioSafeAccount, fraud.ChannelCall, fraud.ClaimBank, 2, false},
		{"+7 700 000 00 12", 7, fraud.ScenarioCode, fraud.ChannelCall, fraud.ClaimGovernment, 1, true},
		{"+7 700 000 00 13", 1, fraud.ScenarioMistakenTransfer, fraud.ChannelWhatsApp, fraud.ClaimNobody, 5, false},
		{"5169 0000 0000 4560", 2, fraud.ScenarioFakeShop, fraud.ChannelShop, fraud.ClaimMarketplace, 3, false},
		{"KZ84722C000012345678", 4, fraud.ScenarioInvestment, fraud.ChannelTelegram, fraud.ClaimInvestment, 9, false},
		{"7111", 2, fraud.ScenarioSafeAccount, fraud.ChannelCall, fraud.ClaimBank, 4, false},
	}
}

// firstSampleReporter is the first of the made-up people behind the samples; no
// person of the emulator has such an id.
const firstSampleReporter = 9_000_000_000

// plantSamples files the sample reports.
func plantSamples(ctx context.Context, store sampleStore, find func(string) []fraud.Subject, id identify, random io.Reader, now time.Time) error {
	reporter := int64(firstSampleReporter)
	for _, sample := range sampleReports() {
		found := find(sample.subject)
		if len(found) != 1 {
			return fmt.Errorf("sample data: %d subjects recognised in one sample", len(found))
		}
		ref := id(found[0])
		when := now.AddDate(0, 0, -sample.daysAgo)
		if sample.confirmed { // first: the made-up people must not be told of it
			if err := store.Confirm(ctx, ref, "sample"); err != nil {
				return fmt.Errorf("confirming a sample: %w", err)
			}
		}
		for range sample.reporters {
			reporter++
			code, err := fraud.NewCode(random)
			if err != nil {
				return err
			}
			report := &fraud.Report{
				Code: code, Subjects: []fraud.Ref{ref}, Status: fraud.StatusReceived, Created: when, Updated: when,
				Details: fraud.Details{Channel: sample.channel, Claim: sample.claim, Scenario: sample.scenario,
					Voice: fraud.VoicePerson, When: when, Loss: fraud.LossNothing},
			}
			if _, err := store.Commit(ctx, fraud.Change{Person: reporter, Now: when, File: report}); err != nil {
				return fmt.Errorf("filing a sample report: %w", err)
			}
		}
	}
	return nil
}
