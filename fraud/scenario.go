package fraud

// Scenario names a way of deceiving people. Source of the list: the Antifraud
// Centre's figures, July 2024 to February 2026, and the schemes reported as live
// in November 2026.
type Scenario string

// The scenarios, most frequent first.
const (
	ScenarioFakeShop         Scenario = "fake_shop"
	ScenarioSafeAccount      Scenario = "safe_account" // bank security, "safe account"
	ScenarioCode             Scenario = "sms_code"     // the 1414 code, then "the bank" or "KNB" calls
	ScenarioInvestment       Scenario = "investment"   // fake investment
	ScenarioLoan             Scenario = "loan"         // a loan in another's name
	ScenarioCardBlocked      Scenario = "card_blocked" // a card "blocked" or a loan "issued in your name"
	ScenarioSIM              Scenario = "sim_contract" // the SIM contract "runs out"
	ScenarioParcel           Scenario = "parcel_code"  // parcel or clinic booking code
	ScenarioMistakenTransfer Scenario = "mistaken_transfer"
	ScenarioRelative         Scenario = "relative"
	ScenarioVote             Scenario = "vote_link"
	ScenarioIntercom         Scenario = "intercom"
	ScenarioFlowers          Scenario = "flowers"
	ScenarioCourier          Scenario = "courier" // marketplace courier, paying by a link
	ScenarioFakeReceipt      Scenario = "fake_receipt"
	ScenarioDropper          Scenario = "dropper"        // easy job, "rent us your card"
	ScenarioRecovery         Scenario = "recovery"       // "we will get your money back"
	ScenarioRemoteControl    Scenario = "remote_control" // AnyDesk, RustDesk, TeamViewer
	ScenarioBoss             Scenario = "boss"
	ScenarioDeepfake         Scenario = "deepfake"
	ScenarioOther            Scenario = "other"
)

// Scenarios lists the scenarios in the order in which they are offered.
func Scenarios() []Scenario {
	return []Scenario{
		ScenarioSafeAccount, ScenarioCode, ScenarioFakeShop, ScenarioInvestment, ScenarioLoan, ScenarioCardBlocked,
		ScenarioSIM, ScenarioParcel, ScenarioMistakenTransfer, ScenarioRelative, ScenarioVote, ScenarioIntercom,
		ScenarioFlowers, ScenarioCourier, ScenarioFakeReceipt, ScenarioDropper, ScenarioRecovery,
		ScenarioRemoteControl, ScenarioBoss, ScenarioDeepfake, ScenarioOther,
	}
}
