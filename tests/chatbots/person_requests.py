"""Messages that ask for a person, and messages that only look like it, in many languages.

The first two tables are what the phrases in chatbots/person_phrases.py were made with. The two
that are held out were never used to mend those phrases: they say how well the phrases do on words
nobody looked at.
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
en: My refund never arrived and I'd like to discuss it with an actual employee.
en: is there somebody I can phone about this
en: Forget it, just let me chat with one of your staff
en: Don't give me another article, give me a person.
en: Who can I talk to about a damaged delivery?
en: can u put a human on pls
en: I'm tired of this robot. Representative!
en: Not helpful. I need someone to look into this personally.
en: please have somebody call me
en: I asked the bot twice already, now I'd like to speak with your supervisor
de: Ich hätte gern einen Mitarbeiter gesprochen
de: Gibt es jemanden, mit dem ich sprechen kann?
de: Das hilft mir nicht weiter, bitte weiterleiten an einen Menschen
fr: Est-ce que je peux avoir un conseiller au téléphone ?
fr: Je ne veux pas d'un robot, passez-moi un humain
fr: Y a quelqu'un de vrai ici ?
es: ¿Hay alguien real con quien pueda hablar?
es: Ponme con una persona, no con un bot
es: Necesito que un agente me llame
it: C'è qualcuno con cui posso parlare?
it: Basta bot, voglio un operatore
pt: Tem alguém de verdade aí para conversar?
pt: Quero falar com o gerente da loja
nl: Kan iemand van jullie team mij terugbellen?
pl: Czy jest tam ktoś żywy, z kim mogę pogadać?
tr: Robotla değil, gerçek bir insanla görüşmek istiyorum
ar: أريد أن أتحدث مع شخص من فريق الدعم
hi: क्या कोई असली इंसान मुझसे बात कर सकता है?
ja: 人間の担当者につないでほしいです
zh: 我不想跟机器人聊，找个真人来
ko: 사람 상담원 바꿔주세요
ru: Есть тут живой человек, с которым можно поговорить?
en: Could one of your agents ring me back tomorrow?
en: I'd feel better discussing this with a real employee
en: Is there anyone I could speak to regarding invoice 88?
en: nope, wrong answer. let me speak with somebody who knows
en: Please escalate my complaint to a human being
en: how can i get in touch with a person
en: who should I contact about a missing item?
en: Stop sending links. I need somebody to help me with this.
en: You don't understand, can I get a person please
en: not a chatbot, a human
de: Kann mich bitte jemand aus dem Support zurückrufen?
de: Ich möchte das mit einem Kollegen von Ihnen besprechen
de: Ist da jemand, der mir helfen kann?
fr: Je souhaiterais être rappelé par un conseiller
fr: Est-ce que quelqu'un de votre équipe peut m'aider ?
es: ¿Hay algún agente disponible?
es: Quisiera que me llame un asesor
it: Posso avere un operatore?
it: Vorrei essere richiamato da qualcuno
pt: Há alguém com quem eu possa falar?
nl: Is er iemand met wie ik kan praten?
pl: Wolałbym rozmawiać z żywym człowiekiem
tr: Konuşabileceğim gerçek biri var mı?
ar: هل يوجد موظف يمكنني التحدث معه؟
hi: मुझे किसी सपोर्ट वाले से बात करनी है
ja: 話せる人はいますか
zh: 有没有真人可以聊
ko: 상담사와 얘기할 수 있을까요?
ru: Можно поговорить с живым оператором?
uk: Чи можу я поговорити з оператором?
sv: Finns det någon jag kan prata med?
en: Okay I give up, is somebody from customer care around?
en: Let an actual member of staff deal with this
en: I'd like to have a word with a manager
en: can a real agent take over this chat?
en: Could I be put in contact with your sales team?
en: I need to speak with a live person regarding my warranty
en: you keep repeating yourself, transfer me
en: any human around?
en: I would prefer that a person handles this
en: forward me to customer support please
de: Kann ich bitte mit einer echten Person chatten?
de: Ich brauche jetzt wirklich einen Menschen am Apparat
de: Bitte um Rückruf durch einen Mitarbeiter
fr: J'ai besoin d'un vrai conseiller maintenant
fr: Pourriez-vous me transférer à quelqu'un du service après-vente ?
fr: Puis-je parler au responsable ?
es: Me gustaría hablar con alguien del equipo
es: Páseme con un supervisor ya
es: ¿Puedo chatear con una persona real?
it: Mi metta in contatto con un responsabile
it: Qualcuno può aiutarmi di persona?
pt: Dá para falar com um humano?
pt: Me passa pra um atendente, por favor
nl: Graag een echte medewerker
nl: Kunnen jullie mij bellen?
pl: Poproszę o kontakt z konsultantem
pl: Czy ktoś z obsługi może mi pomóc?
tr: Lütfen beni bir temsilciye aktarın
ar: أريد أن يتصل بي أحد الموظفين
hi: किसी कर्मचारी से बात करवा दीजिए
ja: 有人対応に切り替えてください
zh: 帮我叫个客服来
ko: 직원과 직접 대화하고 싶습니다
ru: Переведите меня на живого сотрудника
uk: Покличте, будь ласка, менеджера
da: Kan jeg tale med en medarbejder?
en: hi, call me please
en: please call me
hi: क्या कोई मेरी मदद कर सकता है?
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
en: I spoke with an agent yesterday and she was great, thanks
en: Does the hotel speaker connect to a person's phone?
en: Do I need to talk to anyone to cancel, or can I do it here?
en: There's no need to bring a person into this
en: What does your live chat cost me per month?
en: Can someone under 18 order?
en: Is the mannequin in the photo a real person?
en: My son wants the human anatomy poster
en: I'm not asking for a human, just for the size chart
en: Can I send the parcel to another person at work?
en: Is the customer service desk in the store open on Sunday?
en: Please don't have anybody call me
en: how do you train your support staff?
de: Ich möchte lieber nicht mit einem Menschen sprechen
de: Ist das Trikot auch für kleine Menschen geeignet?
de: Kann ich das ohne Mitarbeiter umtauschen?
fr: Je n'ai besoin de personne, merci
fr: Ce sac est-il fait pour une personne de petite taille ?
fr: Inutile de me passer un conseiller
es: No hace falta hablar con una persona
es: ¿La chaqueta le queda bien a una persona alta?
es: ¿Puedo pagar sin hablar con nadie?
it: Il mio agente immobiliare ha ricevuto il pacco?
it: Non passarmi nessuno, grazie
pt: Não precisa chamar ninguém
nl: Ik hoef geen mens te spreken
pl: Nie trzeba mnie łączyć z człowiekiem
tr: Müşteri hizmetleri kaça kadar açık?
ar: لا داعي لتحويلي إلى موظف
hi: मुझे किसी से बात नहीं करनी है
ja: スタッフ用のTシャツはありますか？
zh: 不用找客服，我自己查
ko: 직원 할인 있나요?
ru: Мне не нужен человек, просто скажите цену
en: Do I have to speak with a human to change my address?
en: I can talk to my team about the sizes, no worries
en: Who can I give this voucher to?
en: Is there anyone else in the photo?
en: My agent's address is wrong on the parcel
en: I discussed it with my husband and we keep it
en: The person in the video wears size M, right?
en: Will anyone call me before the delivery?
en: please do not pass my data to third persons
en: Someone already helped me, thanks!
en: I need someone to be home for the delivery, right?
en: Does the watch let me call people?
en: Do you have a jacket for a tall person?
en: I'd rather keep chatting with you than with a human
en: Can a person weighing 120 kg use the hammock?
de: Ich habe gestern schon mit einem Mitarbeiter gesprochen
de: Ruft mich jemand vor der Lieferung an?
de: Haben Sie auch Rabatt für Mitarbeiter?
fr: J'ai déjà parlé à un conseiller hier
fr: Est-ce que je parle à un humain ?
fr: Le sac de couchage peut accueillir deux personnes ?
es: Ya hablé con un agente ayer
es: ¿Alguien me llamará antes de la entrega?
it: Ho già parlato con un operatore
it: C'è uno sconto per una persona disabile?
pt: Já falei com um atendente ontem
nl: Ik heb gisteren al met een medewerker gesproken
pl: Rozmawiałem już wczoraj z konsultantem
tr: Dün bir temsilciyle konuştum
ar: تحدثت مع موظف أمس
hi: कल मैंने एजेंट से बात की थी
ja: 昨日担当者と話しました
zh: 我昨天和客服聊过了
ko: 어제 상담원과 통화했어요
ru: Вчера я уже говорил с оператором
uk: Скільки людей поміститься в намет?
en: Was the agent I chatted with yesterday called Tom?
en: I'd never talk to a salesperson for this, just tell me
en: Which team member designed the logo?
en: Will the courier call me?
en: How do I contact the seller of my used tent?
en: Do agents get a commission?
en: The person who ordered it is my sister
en: I don't feel like talking to anybody right now
en: Is this jacket made by humans?
en: Can my colleague pick up the order?
en: Are your employees paid fairly?
en: What's the phone number printed on the human resources letter?
en: Nobody needs to call me, an e-mail is fine
en: I'm a support agent myself, cool bot!
en: where is the manager's office in your Berlin store
de: Mir hat schon jemand geholfen, danke
de: Eine Person hat mein Paket angenommen
de: Muss ein Mitarbeiter unterschreiben?
de: Sie brauchen mich nicht mit jemandem zu verbinden
fr: Une personne a déjà signé pour mon colis
fr: Je ne veux surtout pas qu'on m'appelle
es: Mi agente de aduanas necesita la factura
es: ¿Cuántas personas caben en la tienda?
it: Una persona ha ritirato il mio pacco
it: Non c'è bisogno di parlare con nessuno
pt: Uma pessoa assinou por mim
nl: Iemand heeft mijn pakket aangenomen
pl: Czy pracownicy mają zniżkę?
tr: Çalışanlarınız kaç kişi?
ar: كم عدد موظفيكم؟
hi: आपके एजेंट कहाँ बैठते हैं?
ja: 店員さんの制服はどこの製品ですか？
zh: 客服电话是多少？
ko: 두 사람이 잘 수 있나요?
ru: Сколько человек у вас работает?
uk: Мені не потрібен оператор
ar: لا أريد أن يتصل بي أحد
de: Gibt es einen Rückruf für diese Jacke?
de: Ich möchte wissen, ob es einen Rückruf gibt
en: Who can I send the invoice to?
en: Can I let someone else pick it up?
en: Is anyone available size L? I mean any colour
en: Do you ship with a person on board?
en: Could you call me a cab?
en: I talked to my doctor about the shoes
en: My wife would like to talk about colours
en: Can my son chat with the toy?
en: Does the walkie-talkie let me talk to people 5 km away?
en: I need someone's opinion: red or blue?
en: Is there anyone who has tried these boots?
en: Which agent do you use for cleaning?
en: Let me know when someone answers my review
en: I'd like an agent-free cleaner
en: Can I connect the speaker to my phone?
en: How do I connect two people to one account?
en: I want to contact the delivery company
en: Can you transfer me 20 dollars?
en: please call me Anna
fr: Je cherche un sac pour une personne qui a mal au dos
fr: Puis-je avoir une facture ?
fr: Une personne peut porter combien de kilos avec ce sac ?
es: ¿Hay alguna talla para una persona pequeña?
es: Quiero una mochila para una persona alta
it: Ce n'è uno per una persona alta?
it: Vorrei una giacca per una persona alta
pt: Tem jaqueta para pessoa alta?
nl: Is er een tent voor één persoon?
pl: Jest namiot dla jednej osoby?
tr: Bu çadır bir insan için yeterli mi?
ru: Есть палатка на одного человека?
uk: Є намет на одну людину?
sv: Finns det ett tält för en person?
ja: 有名な人が着ていたジャケットはどれですか
zh: 有人穿过的衣服卖吗？
ko: 사람 두 명이 쓸 수 있나요?
ar: هل يوجد خيمة لشخص واحد؟
hi: कोई छूट है क्या?
hi: कोई मदद वाला वीडियो है?
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
en: I want out of this bot, where do I find a live person
en: Would you kindly connect me, if possible, to someone human?
en: get a human in here
en: can you have a supervisor reach out to me?
en: This needs a human touch, please pass me along to your team
en: I'm asking for the third time: let me talk to a person!
en: is it possible to speak to an advisor today
en: need human help
de: Könnten Sie mich mit einem Berater verbinden?
de: Ich will jetzt endlich mit jemand Echtem sprechen
fr: J'exige de parler à un responsable
fr: Passez-moi le service client s'il vous plaît
es: Por favor, comuníqueme con un ser humano
es: ¿Me pueden pasar con alguien de soporte?
it: Posso parlare con qualcuno in carne e ossa?
pt: Gostaria de falar com um representante
nl: Verbind mij alstublieft met een echt persoon
pl: Proszę mnie połączyć z żywą osobą
tr: Bir yetkili beni arasın
ar: من فضلك حولني إلى موظف
hi: मुझे इंसान से जोड़ें
ja: カスタマーサポートの人と話したい
zh: 叫你们经理来
ko: 진짜 사람과 이야기하고 싶어요
ru: Дайте мне, пожалуйста, живого человека
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
en: Thanks, the human you sent was lovely
en: I don't want to be called by an agent
en: Is your bot smarter than a person?
en: A colleague of mine recommended your shop
en: Do I get help with assembly from a person or a leaflet?
en: May I bring a person to the workshop?
en: I prefer a bot over a human any day
en: who wrote the description, a human?
en: Is it for one person or two?
en: My manager wants an invoice
de: Gibt es das Zelt auch für vier Personen?
de: Ich will nicht angerufen werden
fr: Mon conseiller bancaire demande la facture
fr: Non merci, pas de conseiller
es: Una persona de mi equipo recibió el pedido
es: No quiero que me llame nadie
it: Quanti operatori avete?
pt: A minha gerente pediu a nota fiscal
nl: Ik wil liever niet gebeld worden
pl: Nie dzwońcie do mnie
tr: Bana kimse telefon etmesin
hi: क्या यह जैकेट लंबे व्यक्ति के लिए ठीक है?
ja: 電話しないでください
zh: 这件衣服真人穿好看吗？
ko: 사람 모양 쿠션 있어요?
ru: Мой менеджер просит счёт
"""


def rows(table: str) -> list[tuple[str, str]]:
    """The sentences of a table, each with its language."""
    found = []
    for line in table.strip().splitlines():
        language, _, sentence = line.partition(": ")
        found.append((language, sentence))
    return found
