package fraud

import "time"

// Channel says how the scammer reached the person.
type Channel string

// The channels a report offers.
const (
	ChannelCall     Channel = "call"
	ChannelSMS      Channel = "sms"
	ChannelWhatsApp Channel = "whatsapp"
	ChannelTelegram Channel = "telegram"
	ChannelShop     Channel = "shop"   // an online shop or an advertisement
	ChannelPerson   Channel = "person" // face to face
	ChannelOther    Channel = "other"
)

// Channels lists the channels in the order in which they are offered.
func Channels() []Channel {
	return []Channel{ChannelCall, ChannelSMS, ChannelWhatsApp, ChannelTelegram, ChannelShop, ChannelPerson, ChannelOther}
}

// Claim says who the scammer claimed to be.
type Claim string

// The claims a report offers.
const (
	ClaimBank        Claim = "bank"
	ClaimPolice      Claim = "police" // police, prosecutor, KNB
	ClaimGovernment  Claim = "government"
	ClaimOperator    Claim = "operator"
	ClaimDelivery    Claim = "delivery"
	ClaimMarketplace Claim = "marketplace"
	ClaimEmployer    Claim = "employer" // a boss, a colleague, somebody offering a job
	ClaimRelative    Claim = "relative"
	ClaimInvestment  Claim = "investment"
	ClaimNobody      Claim = "nobody" // did not say
	ClaimOther       Claim = "other"
)

// Claims lists the claims in the order in which they are offered.
func Claims() []Claim {
	return []Claim{ClaimBank, ClaimPolice, ClaimGovernment, ClaimOperator, ClaimDelivery, ClaimMarketplace,
		ClaimEmployer, ClaimRelative, ClaimInvestment, ClaimNobody, ClaimOther}
}

// Voice says whether a person or a recording spoke.
type Voice string

// The voices a report offers.
const (
	VoicePerson    Voice = "person"
	VoiceRecording Voice = "recording"
	VoiceUnsure    Voice = "unsure"
	VoiceNone      Voice = "none" // nobody spoke: it was written
)

// Voices lists the voices in the order in which they are offered.
func Voices() []Voice { return []Voice{VoicePerson, VoiceRecording, VoiceNone, VoiceUnsure} }

// Loss says what was lost.
type Loss string

// The losses a report offers.
const (
	LossNothing Loss = "nothing"
	LossData    Loss = "data"  // a code, card data, an identity number, access to a device
	LossMoney   Loss = "money" // Details.Amount says how much
)

// Losses lists the losses in the order in which they are offered.
func Losses() []Loss { return []Loss{LossNothing, LossData, LossMoney} }

// File is something a person attached; only Telegram's id of it is kept.
type File struct {
	Kind string // "photo", "voice", "document", "video" or "audio"
	ID   string // Telegram's file_id
}

// Details are a person's answers. Zero values mean "not said".
type Details struct {
	Channel  Channel
	Claim    Claim
	Scenario Scenario
	Voice    Voice
	When     time.Time // start of the day or the hour named, UTC
	Loss     Loss
	Amount   int64  // tenge, whole; 0 = not said
	Words    string // in the person's own words, cards and codes already masked
	Files    []File
}

// Status is where a report stands.
type Status string

// The states of a report.
const (
	StatusReceived  Status = "received"
	StatusWithdrawn Status = "withdrawn"
)

// MaxSubjects is how many subjects one report may hold.
const MaxSubjects = 5

// Report is what one person says of up to MaxSubjects subjects.
type Report struct {
	Code     string // SB-XXXX-XXXX, see NewCode
	Subjects []Ref
	Details  Details
	Status   Status
	Created  time.Time // UTC
	Updated  time.Time // UTC
}
