// The page's own words, in Kazakh and in Russian. What the bot says comes from
// the bot; these are the messenger's labels only.

const WORDS = {
  kk: {
    input: "Мәтін не нөмір",
    send: "Жіберу",
    share: "Бөлісу",
    cancel: "Бас тарту",
    ok: "Жақсы",
    commands: "Командалар",
    attach: "Тіркеу",
    photo: "Фото",
    document: "Құжат",
    voice: "Дауыстық хабар (файл)",
    contact: "Контактімен бөлісу",
    forward: "Бөтен мәтінді қайта жіберу",
    sticker: "Стикер",
    sendFile: "Файл жіберу",
    caption: "Түсініктеме (міндетті емес)",
    name: "Аты",
    phone: "Телефон нөмірі",
    from: "Кімнен",
    text: "Мәтін",
    language: "Telegram тілі",
    more: "Қосымша",
    block: "Ботты бұғаттау",
    unblock: "Бұғаттан шығару",
    blocked: "Сіз ботты бұғаттадыңыз: ол Сізге жаза алмайды.",
    start: "Бастау",
    log: "Чаттағы хабарлар",
    toBottom: "Соңғы хабарға өту",
    keyboard: "Чат түймелері",
    samples: "Үлгілер: басыңыз, мәтін жолға түседі",
    alert: "Боттың хабары",
    edited: "өзгертілді",
    edit: "Өзгерту",
    editing: "Хабарды өзгерту",
    forwardedFrom: "Қайта жіберілді:",
    forwarding: "Қайта жіберу, кімнен:",
    me: "Сіз:",
    botSays: "Бот:",
    typing: "жазып жатыр…",
    connecting: "қосылып жатыр…",
    today: "Бүгін",
    yesterday: "Кеше",
    download: "Жүктеп алу",
    voiceMessage: "Дауыстық хабар",
    copied: "Көшірілді",
    reveal: "Жасырын мәтінді көрсету",
    failed: "Жіберілмеді. Қайталап көріңіз.",
    tooLarge: "Файл 20 МБ-тан үлкен. Кішірегін таңдаңыз.",
    unknownContact: "Белгісіз нөмір",
    stranger: "«Банк қауіпсіздігі»",
    scam: "Банк қауіпсіздік қызметі: картаңыздан 150 000 ₸ аударылып жатыр. Тоқтату үшін 8 701 123 45 67 нөміріне дереу қоңырау шалыңыз және SMS-кодты айтыңыз.",
    sampleScam: "«Банк» SMS-і",
    sampleCard: "Карта",
    sampleAccount: "Шот",
  },
  ru: {
    input: "Текст или номер",
    send: "Отправить",
    share: "Поделиться",
    cancel: "Отмена",
    ok: "Хорошо",
    commands: "Команды",
    attach: "Прикрепить",
    photo: "Фото",
    document: "Документ",
    voice: "Голосовое сообщение (файл)",
    contact: "Поделиться контактом",
    forward: "Переслать чужой текст",
    sticker: "Стикер",
    sendFile: "Отправить файл",
    caption: "Подпись (необязательно)",
    name: "Имя",
    phone: "Номер телефона",
    from: "От кого",
    text: "Текст",
    language: "Язык Telegram",
    more: "Ещё",
    block: "Заблокировать бота",
    unblock: "Разблокировать",
    blocked: "Вы заблокировали бота: он не может Вам писать.",
    start: "Начать",
    log: "Сообщения чата",
    toBottom: "К последнему сообщению",
    keyboard: "Кнопки чата",
    samples: "Примеры: нажмите, и текст встанет в строку",
    alert: "Сообщение бота",
    edited: "изменено",
    edit: "Изменить",
    editing: "Изменение сообщения",
    forwardedFrom: "Переслано от:",
    forwarding: "Пересылка, от кого:",
    me: "Вы:",
    botSays: "Бот:",
    typing: "печатает…",
    connecting: "соединение…",
    today: "Сегодня",
    yesterday: "Вчера",
    download: "Скачать",
    voiceMessage: "Голосовое сообщение",
    copied: "Скопировано",
    reveal: "Показать скрытый текст",
    failed: "Не отправилось. Попробуйте ещё раз.",
    tooLarge: "Файл больше 20 МБ. Выберите поменьше.",
    unknownContact: "Неизвестный номер",
    stranger: "«Безопасность банка»",
    scam: "Служба безопасности банка: с Вашей карты переводят 150 000 ₸. Чтобы остановить, срочно позвоните 8 701 123 45 67 и назовите код из SMS.",
    sampleScam: "SMS «из банка»",
    sampleCard: "Карта",
    sampleAccount: "Счёт",
  },
};

// pageLanguage says which words go with a Telegram language: Kazakh or Russian.
export function pageLanguage(code) {
  return String(code ?? "").toLowerCase().startsWith("kk") ? "kk" : "ru";
}

// word returns a label in the page language ("kk" or "ru").
export function word(lang, key) {
  return WORDS[lang][key];
}

// applyLabels writes the labels into every element below root that names one:
// data-l-text="send" is its text, data-l-<attribute>="send" that attribute.
export function applyLabels(root, lang) {
  for (const element of root.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (!name.startsWith("data-l-")) continue;
      const target = name.slice("data-l-".length);
      if (target === "text") element.textContent = word(lang, value);
      else element.setAttribute(target, word(lang, value));
    }
  }
}
