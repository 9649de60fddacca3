package handlers

import (
	"strings"

	"saqbol/fraud"
)

// wording is how people speak of one choice: whole answers, and stems that stand
// in an answer of several words. Lists are divided by commas; spelling, case and
// alphabet are those of foldLetters.
type wording struct{ whole, stems string }

// vocabulary is how people speak of a step's choices, in Kazakh and in Russian.
func vocabulary(step string) map[string]wording {
	switch step {
	case stepChannel:
		return channelWords()
	case stepClaim:
		return claimWords()
	case stepScenario:
		return scenarioWords()
	case stepVoice:
		return map[string]wording{
			string(fraud.VoicePerson):    {"человек, живой человек, мужчина, женщина, парень, девушка, адам, ер адам, әйел, адам сөйледі", "живой, тірі адам"},
			string(fraud.VoiceRecording): {"запись, робот, автоответчик, бот, жазба, жазылған дауыс", "робот, автоответчик, жазылған"},
			string(fraud.VoiceNone):      {"никто, текст, писали, сообщение, ешкім, мәтін, жазды, хат", "переписк, жазысу"},
			string(fraud.VoiceUnsure):    {"не знаю, не понял, не поняла, не уверен, не уверена, білмеймін, түсінбедім", ""},
		}
	case stepWhen:
		return map[string]wording{whenEarlier: {"раньше, давно, ертерек, бұрын, баяғыда, ertede", ""}}
	case stepLoss:
		return map[string]wording{
			string(fraud.LossNothing): {"нет, ничего, не потерял, не потеряла, не успели, жоқ, ештеңе, ештеңе жоқ, no", ""},
			string(fraud.LossData):    {"данные, код, назвал код, назвала код, данные карты, деректер, мәлімет, кодты айттым", ""},
			string(fraud.LossMoney):   {"деньги, да, да деньги, перевел, перевела, сняли деньги, ақша, иә, иә ақша, аудардым, ақша кетті", ""},
		}
	}
	return nil
}

func channelWords() map[string]wording {
	return map[string]wording{
		string(fraud.ChannelCall):     {"телефон, по телефону, телефонмен, call", "позвони, звони, звонок, қоңырау, хабарласты, телефон соқ"},
		string(fraud.ChannelSMS):      {"смска, эсэмэс", "пришло смс, пришла смс, смс пришл, смс келді, смс жіберді, прислали смс"},
		string(fraud.ChannelWhatsApp): {"ватсап, вацап, вотсап, уатсап, ватсапп", "whatsapp, ватсап, вацап, вотсап, уатсап"},
		string(fraud.ChannelTelegram): {"телега, телеграмм, тг", "telegram, телеграм"},
		string(fraud.ChannelShop):     {"магазин, сайт, объявление, реклама, instagram, инстаграм, olx, дүкен, жарнама, хабарландыру", "интернет магазин, онлайн дүкен, интернет дүкен, по объявлению"},
		string(fraud.ChannelPerson):   {"лично, вживую, на улице, пришли домой, жүзбе жүз, бетпе бет, көшеде", "жүзбе жүз, бетпе бет"},
		string(fraud.ChannelOther):    {"другое, иначе, басқа, other", ""},
	}
}

func claimWords() map[string]wording {
	return map[string]wording{
		string(fraud.ClaimBank):        {"банк, банка, банктен, служба безопасности, каспи, халык, kaspi, halyk", "банк, банка, банктен, каспи, халык банк, служба безопасности, қауіпсіздік қызмет"},
		string(fraud.ClaimPolice):      {"полиция, полисия, политсия, кнб, ұқк, прокуратура, следователь, тергеуші", "полици, полиси, политси, кнб, ұқк, прокур, следовател, тергеуш, участков"},
		string(fraud.ClaimGovernment):  {"госорган, цон, хқко, акимат, әкімдік, егов, egov, мемлекет", "egov, акимат, әкімдік, цон, хқко, собес, пенсионн, зейнетақы, поликлиник, емхана"},
		string(fraud.ClaimOperator):    {"оператор, билайн, теле2, кселл, актив, алтел, beeline, kcell, tele2, activ, altel", "оператор, билайн, beeline, kcell, кселл, tele2, теле2, altel"},
		string(fraud.ClaimDelivery):    {"доставка, почта, казпочта, курьер, жеткізу, пошта, қазпошта, курьерлік", "доставк, курьер, казпочт, қазпошта, посылк, сәлемдеме, жеткізу"},
		string(fraud.ClaimMarketplace): {"маркетплейс, покупатель, продавец, сатушы, сатып алушы, olx, wildberries, ozon", "покупател, продавец, продавц, сатушы, сатып алушы, маркетплейс, olx"},
		string(fraud.ClaimEmployer):    {"начальник, директор, работодатель, коллега, шеф, бастық, басшы, жұмыс беруші, әріптес", "начальник, директор, работодател, бастық, жұмыс беруші, басшы"},
		string(fraud.ClaimRelative):    {"родственник, сын, дочь, внук, знакомый, друг, туыс, бала, ұлым, қызым, немере, дос, таныс", "родственник, туыс"},
		string(fraud.ClaimInvestment):  {"инвестиции, брокер, инвестиция, инвестор, биржа, крипта", "инвест, брокер, бирж, крипт"},
		string(fraud.ClaimNobody):      {"никем, никто, не представился, не представилась, ешкім, айтпады, таныстырмады", "не представ, өзін таныстырмады"},
		string(fraud.ClaimOther):       {"другое, другой, басқа, other", ""},
	}
}

// scenarioWords: a stem stands here only where it means this scheme and no other.
func scenarioWords() map[string]wording {
	return map[string]wording{
		string(fraud.ScenarioSafeAccount):      {"безопасный счет, қауіпсіз шот", "безопасн счет, безопасный счет, безопасного счета, резервный счет, қауіпсіз шот"},
		string(fraud.ScenarioCode):             {"код, смс код, 1414, код из смс, sms код", "код из смс, смс код, sms код, код 1414, 1414 код, назвать код, просили код, просит код, код сұра, кодты айт"},
		string(fraud.ScenarioFakeShop):         {"магазин, не отправили товар, дүкен, жалған дүкен", "поддельный магазин, фейковый магазин, жалған дүкен, товар не приш, тауар келме"},
		string(fraud.ScenarioInvestment):       {"инвестиции, инвестиция, крипта, биржа", "инвест, крипт, бирж, трейдинг"},
		string(fraud.ScenarioLoan):             {"кредит, займ, несие, қарыз", "оформили кредит, взяли кредит, взять кредит, оформить кредит, несие ал, несие рәсімде"},
		string(fraud.ScenarioCardBlocked):      {"карта заблокирована, карта бұғатталды", "карта заблокир, карту заблокир, карта бұғат, картаңыз бұғат"},
		string(fraud.ScenarioSIM):              {"сим карта, симка, договор связи", "сим карт, симк, sim карт, договор связи, срок договора"},
		string(fraud.ScenarioParcel):           {"посылка, сәлемдеме, талон, поликлиника", "посылк, сәлемдеме"},
		string(fraud.ScenarioMistakenTransfer): {"ошибочный перевод, қате аударым", "ошибочн перевод, ошибочный перевод, по ошибке перев, қате аудар"},
		string(fraud.ScenarioRelative):         {"родственник в беде, дтп, туысыңыз қиын жағдайда", "попал в дтп, попал в аварию, попала в аварию, апатқа түс"},
		string(fraud.ScenarioVote):             {"голосование, дауыс беру", "проголосу, голосован, дауыс бер"},
		string(fraud.ScenarioIntercom):         {"домофон", "домофон"},
		string(fraud.ScenarioFlowers):          {"цветы, гүл", "доставка цветов, цветы, букет, гүл жеткіз, гүл шоғ"},
		string(fraud.ScenarioCourier):          {"курьер", "курьер"},
		string(fraud.ScenarioFakeReceipt):      {"фальшивый чек, чек, жалған чек", "поддельный чек, фальшивый чек, фейковый чек, жалған чек"},
		string(fraud.ScenarioDropper):          {"дроппер, легкая работа, работа, карта в аренду, жұмыс", "дроппер, аренда карты, арендовать карту, карту в аренду, картаны жалға, легкий заработок, легкая работа, оңай жұмыс"},
		string(fraud.ScenarioRecovery):         {"вернуть деньги, ақша қайтару", "вернуть ваши деньги, вернем ваши деньги, ақшаңызды қайтар"},
		string(fraud.ScenarioRemoteControl):    {"удаленный доступ, anydesk, rustdesk, teamviewer, қашықтан басқару", "anydesk, rustdesk, teamviewer, энидеск, растдеск, удаленный доступ, қашықтан басқар"},
		string(fraud.ScenarioBoss):             {"начальник, директор, бастық", "от имени директора, от имени начальника, бастық атынан, директор атынан"},
		string(fraud.ScenarioDeepfake):         {"дипфейк, deepfake", "дипфейк, deepfake, поддельное видео, жалған бейне"},
		string(fraud.ScenarioOther):            {"другое, басқа, other", ""},
	}
}

// guess answers steps whose answer the person's words make certain; the summary
// shows it, and every step can be gone back to.
func guess(d *reportDraft, words string) {
	if _, ok := d.Answers[stepChannel]; !ok {
		if c := guessChannel(words); c != "" {
			d.Answers[stepChannel] = string(c)
		}
	}
	if _, ok := d.Answers[stepClaim]; !ok {
		if c := guessClaim(words); c != "" {
			d.Answers[stepClaim] = c
		}
	}
	if _, ok := d.Answers[stepScenario]; !ok {
		if s := onlyStem(scenarioWords(), words); s != "" {
			d.Answers[stepScenario] = s
		}
	}
}

// guessChannel: a call through a messenger came through the messenger.
func guessChannel(words string) fraud.Channel {
	stems := channelWords()
	calls := stems[string(fraud.ChannelCall)]
	delete(stems, string(fraud.ChannelCall))
	if c := onlyStem(stems, words); c != "" {
		return fraud.Channel(c)
	}
	call := map[string]wording{string(fraud.ChannelCall): calls}
	for channel, w := range stems {
		if onlyStem(map[string]wording{channel: w}, words) != "" {
			return "" // two other ways are spoken of
		}
	}
	return fraud.Channel(onlyStem(call, words))
}

// claimed are the places of a text that say who somebody claimed to be, folded: a bank
// that is only spoken of ("перевёл через банк") is no claim.
var claimed = pattern(`(?:^| )(?:` + strings.Join([]string{
	`(?:не )?представ\pL*[^,.;!?]*`,                                                  // представились банком
	`назвал(?:ся|ас|ис)[^,.;!?]*`,                                                    // назвался сотрудником банка
	`(?:по)?звон\pL*(?: мне| нам)?(?: якоби| будто)? из [^,.;!?]*`,                   // позвонили из банка
	`(?:сказ|говор)\pL*,? (?:что |я |ми |он |она |они )*из [^,.;!?]*`,                // сказали, что из банка
	`[^,.;!?]* деп танист\pL*`,                                                       // өзін банк деп таныстырды
	`\pL+(?:нан|нен|тан|тен|дан|ден)(?:мин|миз|бин|биз)`,                             // банктенмін
	`\pL+(?:нан|нен|тан|тен|дан|ден)(?: маган| бизге)? (?:конирау|хабарлас|звондад)`, // банктен қоңырау шалды
}, "|") + `)`)

// guessClaim is who the words say that somebody claimed to be; "" where they name
// nobody, or two.
func guessClaim(words string) string {
	return onlyStem(claimWords(), strings.Join(claimed().FindAllString(foldLetters(words), -1), " "))
}
