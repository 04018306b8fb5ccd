"""Messages that ask for a person, and messages that only look like it, in many languages.

The first two tables are what the phrases in chatbots/person_phrases.py were made with. The two
that are held out were written without looking at those phrases and never used to mend them: they
say how well the phrases do on words nobody looked at.
"""

from __future__ import annotations

ASKS = """
en: I need to speak with a human about my complex issue
en: I want to talk to a human
en: Can I talk to a real person please?
en: can i speak to someone
en: Let me talk to an agent
en: talk to agent
en: human
en: Human please
en: HUMAN!!!
en: agent
en: live agent
en: a real person, please
en: connect me to support
en: Please connect me with your support team.
en: transfer me to a representative
en: put me through to customer service
en: I'd like to speak to a manager
en: get me a supervisor
en: I need a human
en: i want an agent now
en: give me a human being
en: is there a real person I can chat with?
en: Are there any humans here?
en: Could someone help me? Not a bot.
en: can a human help me
en: I don't want to talk to a bot
en: I don’t want to chat with this chatbot, I want a human
en: Why can't I talk to a person?
en: you can't help me, get me a person
en: start a live chat
en: live chat
en: I want live chat
en: escalate this to your team member
en: Please hand me over to an operator
en: someone real please
en: call me back
en: may I speak with somebody from your team?
en: contact support
en: can I get a real human on this?
en: get us your manager
en: how do I reach your support team
en: chat with a live person
en: my order is lost and I would like to talk to one of your colleagues
en: i wanna tlak to a humann
en: taht is no help 😡 HUMAN NOW
en: I do not understand you give me a human
en: this is useless. agent!
en: 🙏 can i plz speak 2 a real persn
en: No, I don't want a bot but a human
en: ok bot, enough, human please
de: Ich möchte mit einem Menschen sprechen
de: Verbinden Sie mich bitte mit einem Mitarbeiter
de: Kann ich mit jemandem vom Support reden?
de: ich will keinen Bot, ich will einen echten Menschen
de: mitarbeiter bitte!!
fr: Je veux parler à un humain
fr: Pouvez-vous me mettre en relation avec un conseiller ?
fr: Passez-moi quelqu'un de réel
fr: je voudrais parler avec l'opérateur svp
fr: un conseiller s'il vous plaît
es: Quiero hablar con una persona
es: ¿Puedo hablar con un agente, por favor?
es: pásame con un humano
es: necesito un asesor humano 😤
es: agente por favor
it: Voglio parlare con una persona reale
it: Mi può passare un operatore?
it: operatore
it: vorrei parlare con qualcuno del servizio clienti
pt: Quero falar com um atendente
pt: Posso falar com uma pessoa de verdade?
pt: me transfere para um humano
pt: atendimento humano por favor
nl: Ik wil met een mens praten
nl: Kan ik een medewerker spreken?
nl: verbind me door met de klantenservice
nl: medewerker aub
pl: Chcę rozmawiać z człowiekiem
pl: Proszę połączyć mnie z konsultantem
pl: czy mogę porozmawiać z pracownikiem?
pl: konsultant
tr: Bir insanla konuşmak istiyorum
tr: Beni müşteri temsilcisine bağlayın
tr: canlı destek istiyorum
tr: yetkiliyle görüşebilir miyim
ar: أريد التحدث مع إنسان
ar: هل يمكنني التحدث إلى موظف؟
ar: حولني إلى خدمة العملاء
ar: أريد شخص حقيقي
hi: मुझे किसी इंसान से बात करनी है
hi: क्या मैं एजेंट से बात कर सकता हूँ?
hi: मुझे कस्टमर केयर से जोड़ दो
hi: insan se baat karni hai
ja: 人間と話したいです
ja: オペレーターにつないでください
ja: 担当者と話せますか？
ja: 有人チャットお願いします
zh: 我要找人工客服
zh: 转人工
zh: 请帮我转接真人
zh: 我想和真人說話
ko: 상담원과 통화하고 싶어요
ko: 사람이랑 얘기하고 싶어요
ru: Хочу поговорить с человеком
ru: соедините с оператором
uk: Хочу поговорити з людиною
sv: Jag vill prata med en människa
da: Jeg vil gerne tale med et menneske
nb: Kan jeg få snakke med en person?
ru: человек
en: could you pls get someone from support to look at this?
en: I've had enough of this machine, let me speak to a person!!
en: Any chance of a real human answering me?
en: hook me up with an agent
en: i'd rather deal with a human
en: is anybody there who is not a robot
en: SPEAK TO REPRESENTATIVE
en: operator pls 🙏
en: My parcel was lost and your bot keeps saying the same. Put me through to somebody in charge.
en: i wnat to speak to a humna
de: Gibt es hier auch echte Menschen? Ich möchte mit einem reden.
de: Holen Sie mir bitte einen Kundenberater
de: kann mich mal jemand anrufen
fr: Je préfère discuter avec une vraie personne
fr: Y a-t-il quelqu'un de l'équipe à qui parler ?
fr: PARLER À UN AGENT
es: Comuníqueme con un representante
es: ¿Me puede atender una persona real?
es: kiero hablar kon alguien d soporte
it: Fatemi parlare con un essere umano
it: Ho bisogno di un operatore umano
it: posso chattare con un addetto?
pt: Preciso de ajuda de um ser humano
pt: Gostaria de conversar com alguém do suporte
pt: chama um atendente aí
nl: Mag ik een echt persoon aan de lijn?
nl: Ik wil graag iemand van de helpdesk spreken
nl: geef me een medewerker
pl: Chciałbym porozmawiać z prawdziwą osobą
pl: Potrzebuję pomocy człowieka
pl: przełącz mnie do konsultanta
tr: Gerçek biriyle konuşabilir miyim?
tr: Müşteri hizmetlerine bağlanmak istiyorum
tr: temsilci lütfen
ar: اريد التكلم مع شخص حقيقي
ar: ممكن أكلم موظف خدمة العملاء
ar: وصلني بممثل خدمة العملاء
hi: मुझे असली व्यक्ति से बात करनी है
hi: कृपया मुझे किसी प्रतिनिधि से जोड़ें
hi: kisi agent se baat karao
ja: 人と話をさせてください
ja: スタッフに繋いでもらえますか
ja: オペレーターお願いします
zh: 能不能让真人来回答我
zh: 人工客服
zh: 我需要和客服人員談談
"""

DOES_NOT = """
en: I don't need a human
en: I do not want to talk to a human
en: no need to talk to an agent, thanks
en: no human please
en: Are you a human?
en: are you a bot or a person
en: How many people work there?
en: What is human resources' e-mail?
en: who are your agents
en: How do I add a person to my account?
en: invite team members
en: I talked about it with my wife
en: What is a user agent?
en: I never asked for an agent
en: Where do I get support for an older model?
en: Do I get tech support with this plan?
en: How can I get a staff discount?
en: How do I get people to join my team?
en: can I order without talking to a person?
en: When is my order coming?
en: Does it ship to a real address?
en: The support of this backpack is broken
en: do humans or robots pack my order?
en: I don't want a human
en: I don't think I need an agent 🙂
en: am i talking to a human?
en: is this a real person?
en: please don't transfer me to anyone
en: I spoke to your agent yesterday, where is my parcel?
en: How many people can sleep in the tent?
en: Can I pass this to somebody else?
en: Can I transfer my warranty to another person?
en: Do you speak with people in Spanish?
en: I need a tent for one person
en: Can someone sign for my parcel?
en: I'd like to add a colleague as a user
en: 🎉
de: Ich will keinen Menschen
de: Bist du ein Mensch?
de: Ich brauche ein Zelt für eine Person
de: Ich möchte eine Person hinzufügen
de: Wie viele Mitarbeiter haben Sie?
de: Packen Menschen oder Roboter mein Paket?
de: Ich brauche keinen Mitarbeiter, danke
fr: Es-tu un humain ?
fr: Je veux passer commande pour une autre personne
fr: Je ne veux pas parler à un humain
fr: Combien de personnes travaillent chez vous ?
fr: pas besoin d'un conseiller
es: ¿Eres una persona?
es: Quiero pasar el pedido para otra persona
es: No quiero hablar con nadie
es: no necesito un agente
es: ¿Cuántas personas trabajan ahí?
it: Sei una persona?
it: Non voglio parlare con un operatore
it: Quante persone lavorano da voi?
pt: Você é humano?
pt: Não quero falar com um atendente
pt: Quantas pessoas cabem na barraca?
nl: Ben je een mens?
nl: Ik wil een tent voor een persoon
nl: Ik wil niet met een medewerker praten
nl: Hoeveel mensen werken er?
pl: Czy jesteś człowiekiem?
pl: Nie chcę rozmawiać z konsultantem
pl: Ile osób tam pracuje?
tr: Sen insan mısın?
tr: İnsanla konuşmak istemiyorum
tr: Kaç kişi çalışıyor?
ar: هل أنت إنسان؟
ar: لا أريد التحدث مع موظف
hi: क्या आप इंसान हैं?
hi: एक व्यक्ति के लिए टेंट चाहिए
hi: मुझे इंसान से बात नहीं करनी
ja: あなたは人間ですか？
ja: 担当者と話したくないです
ja: 何人用のテントですか？
zh: 你是真人吗？
zh: 我不要人工客服
zh: 人工费是多少？
ko: 당신은 사람인가요?
ru: Ты человек?
ru: Не надо оператора
uk: Ти людина?
sv: Är du en människa?
sv: Jag vill ha ett tält för en person
da: Er du et menneske?
nb: Jeg vil ikke snakke med noen
en: I'm fine with the bot, no agent needed
en: Before you ask: no, I do not wish to be connected with anybody
en: Will a person or a machine read my letter?
en: Can two people share one account?
en: which real estate agents do you work with
en: My colleague ordered it, the agent number is 12
en: do you have a person called Anna working there?
en: is the jacket tested on real people?
en: stop transferring me to humans, you are doing great 👍
en: what does the support plan cost?
de: Ich möchte nicht mit einem Mitarbeiter verbunden werden
de: Bin ich hier mit einem Menschen verbunden?
de: Für wie viele Personen ist das Zelt?
fr: Suis-je en train de parler à une vraie personne ?
fr: Je n'ai pas besoin de parler à quelqu'un
fr: La tente est pour combien de personnes ?
es: ¿Estoy hablando con un humano?
es: No me pases con un agente
es: ¿La tienda es para cuatro personas?
it: Non ho bisogno di un operatore
it: Sto parlando con una persona vera?
it: La tenda va bene per tre persone?
pt: Não preciso de atendente
pt: Estou falando com uma pessoa?
pt: O produto foi feito por pessoas ou por máquinas?
nl: Ik heb geen medewerker nodig
nl: Praat ik met een mens?
nl: Is deze tent voor vier personen?
pl: Nie potrzebuję konsultanta
pl: Czy rozmawiam z człowiekiem?
pl: Namiot jest dla ilu osób?
tr: Temsilciye gerek yok
tr: Bir insanla mı konuşuyorum?
tr: Çadır kaç kişilik?
ar: لا أحتاج إلى موظف
ar: هل أتحدث مع إنسان؟
ar: كم شخص يعمل لديكم؟
hi: मुझे एजेंट की ज़रूरत नहीं है
hi: आपके यहाँ कितने लोग काम करते हैं?
ja: 人間は必要ありません
ja: これは人が書いていますか？
zh: 不用转人工了，谢谢
zh: 你们公司有多少人？
zh: 我在和真人聊天吗？
"""

HELD_OUT_ASKS = """
en: enough, put a human on the line
en: Would it be possible to chat with someone from your team instead?
en: I WANT A REAL PERSON NOW!!! 😡😡
en: pls transfer to custmer service
en: this bot is dumb, can I speak with an actual human being
en: need to contact an agent about invoice 4412
en: Is a live agent available?
en: Hi, I'd prefer talking to a member of staff
en: escalate to a manager please
en: could you connect me to sombody in support
de: Ich brauche einen echten Ansprechpartner
de: bitte mit Kundenservice verbinden
de: LASS MICH MIT EINEM MENSCHEN REDEN
de: Ich würde lieber mit jemandem telefonieren
fr: J'aimerais parler à quelqu'un
fr: Mettez-moi en contact avec le service client
fr: un humain svp 🙏
es: Prefiero hablar con un operador
es: Quiero que me atienda un humano
es: hablar con agente
it: Vorrei essere messo in contatto con un operatore
it: parlare con un umano
pt: Quero ser atendido por um humano
pt: Pode me passar para um atendente?
nl: Kunt u mij doorverbinden met een medewerker?
nl: ik wil iemand spreken
pl: Chcę porozmawiać z konsultantem
pl: człowiek
tr: Canlı desteğe bağlan
tr: Müşteri temsilcisi ile görüşmek istiyorum
ar: اريد موظف
ar: أريد التحدث إلى خدمة العملاء من فضلك
hi: किसी इंसान से बात कराइए
hi: agent se baat karni hai mujhe
ja: 人間のオペレーターと話したい
ja: 担当者に代わってください
zh: 我要跟真人客服聊
zh: 转接人工服务
ko: 상담원 연결해 주세요
ru: Позовите оператора, пожалуйста
"""

HELD_OUT_DOES_NOT = """
en: You are more helpful than a human, don't pass me on
en: Are real people reading these messages?
en: I would not like to speak with anyone
en: Who designed this jacket, a person or an AI?
en: Is the tent big enough for two persons?
en: no agents please, just tell me the price
en: What are the opening hours of customer service?
en: Am I chatting with an agent or a bot?
en: The agent told me to wait three days
en: can a person of 2 metres sleep in it?
de: Bitte keinen Menschen, nur die Antwort
de: Spreche ich mit einem Bot oder einem Mitarbeiter?
de: Muss ich mit jemandem sprechen, um zu bestellen?
fr: Vous êtes un robot ou un humain ?
fr: Je ne souhaite pas être mis en relation avec un conseiller
fr: Faut-il être deux personnes pour monter la tente ?
es: No hace falta que hable con un agente
es: ¿Eres un robot o un humano?
es: ¿Cuántos agentes tienen?
it: Non mi serve un operatore
it: Sei umano?
it: È una tenda per due persone?
pt: Não quero um humano
pt: És um robô ou uma pessoa?
pt: Quantos atendentes vocês têm?
nl: Geen medewerker nodig, dank je
nl: Ben jij een robot of een persoon?
pl: Nie łącz mnie z konsultantem
pl: Czy jesteś człowiekiem czy botem?
tr: Robot musun yoksa insan mı?
tr: Temsilci istemiyorum
ar: لا أريد شخص
ar: هل أنت روبوت أم إنسان؟
hi: मुझे इंसान नहीं चाहिए
hi: तुम इंसान हो या रोबोट?
ja: あなたはロボットですか、人間ですか？
ja: オペレーターは不要です
zh: 别转人工
zh: 你是机器人还是真人？
ko: 상담원 필요 없어요
ru: Не хочу говорить с оператором
"""


def rows(table: str) -> list[tuple[str, str]]:
    """The sentences of a table, each with its language."""
    found = []
    for line in table.strip().splitlines():
        language, _, sentence = line.partition(": ")
        found.append((language, sentence))
    return found
