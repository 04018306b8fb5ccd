"""How people ask for a person, language by language. intent.py reads these tables.

One line per entry. `ask:` and `not:` are phrases; a `not:` phrase takes back what the rest of its
clause asks. `alone:` is what asks when nothing else is said; `polite:` is what may stand beside it.
Any other name is a list of words that phrases use as `@name`.

    a/b       either word            a_b      two words in a row       a*      words that begin so
    @list     one of the list        @list*   any number of them       a?      may be missing
    ..        up to five words       ^ and $  the clause's beginning and end

Words are written as intent.py reads a message: lower case, no accents, no apostrophes in English
contractions. Tables of UNSPACED are for scripts without spaces: there `..` is up to six characters.
"""

from __future__ import annotations

SPACED = {
    "English": """
        human: human humans person persons agent agents operator operators representative
        human: representatives rep reps adviser advisers advisor advisors human_being live_chat
        human: human_beings human_help human_support human_assistance real_people live_support
        human: member_of_staff
        helper: sales_team service_team sales_rep salesperson
        helper: @human people someone somebody anyone anybody staff staff_member team_member
        helper: manager managers supervisor supervisors employee employees colleague colleagues
        helper: specialist specialists support support_team support_agent support_staff
        helper: customer_service customer_care customer_support technical_support tech_support
        helper: real_one your_team
        a: a an the this your some any another one of actual real live human living proper breathing
        reach: talk talking speak speaking chat chatting connect connected transfer transferred
        reach: forward forwarded pass passed hand handed escalate escalated redirect redirected
        reach: discuss discussing reach reaching contact contacting get_me get_us put_me put_us
        reach: switch switched route routed bring_me hook_me_up in_touch
        reach: have_a_word
        link: me us this it over on to 2 with w through in touch hold be deal dealing
        want: want wanna need like prefer rather demand request require
        give: give_me give_us gimme send_me find_me show_me
        ask: @reach @link* @a* @helper
        ask: @want @link* have/see/get/use? @a* @human
        ask: @give @a* @human
        ask: get hold? of? to? @a* @human
        ask: can/could/may/let i/me have/see @a* @human
        ask: can/could/please you? please/pls/plz? get/find/send/call @a* someone/somebody/manager
        ask: is/are there/anyone/anybody .. @a* @human
        ask: can/could/may/will @a* @human/someone/somebody please/pls? @help
        help: help call contact assist speak talk take_over answer
        anybody: someone somebody anyone anybody
        talk: talk speak chat phone call contact reach ring message
        ask: @anybody/person/people i/we can/could/may @talk
        ask: who/whom can/could/do/should/may i/we need/have? to? @talk
        ask: have/get/ask/let @a* @anybody/@human to? call/contact/phone/ring/email me/us
        says: talk talking speak speaking chat chatting discuss discussing connect connected
        ask: @says .. with/to @a* @human
        ask: is/are/any @a* @anybody/@human .. around/available/online please? $
        ask: let @a* @human/@anybody @look/handle/take_over/take_care/answer/see
        ask: @want that? @a* @human @look/handles/handle/takes/take/looks/deals/answers/replies
        ask: transfer/connect/escalate me please/pls/now? $
        ask: put me through
        ask: escalate/escalated/escalating it/this/that/my/our/the/please
        ask: can/could/would/please .. @human/@anybody .. call/ring/phone/contact me/us
        ask: put/bring @a* @human on/in/here please/pls/plz/now? $
        look: look check help explain fix sort handle assist call deal
        ask: i/we need/want/would_like someone/somebody to @look
        ask: someone/somebody real/human
        ask: someone/somebody who is/s real/human/not
        ask: dont/not want/wish/like to? be? talk/speak/chat/talking/speaking to/with .. @bot
        bot: bot robot chatbot machine computer ai
        ask: dont/not want/like/need @a* @bot
        ask: who/that/thats is? not @a* @bot
        ask: chance of @a* @human
        ask: @human answering/helping/calling me/us
        ask: start/open/begin a/the? live_chat
        ask: call/phone/ring me back
        ask: call/phone/ring me please/pls/asap/now/today $
        ask: please/pls call/phone/ring me $
        ask: human please/pls/plz/now/help/support
        ask: @a* @human please/pls/plz/now/asap/immediately $
        ask: @real @live $
        real: live real human
        live: agent person human support chat operator
        no: dont dont_you do_not didnt did_not doesnt not never no_need_to no_longer wouldnt_like
        no: rather_not stop without instead_of need_not neednt no_need_for nobody avoid
        adverb: feel really even actually yet think i ever to be want wish need like
        not: @no @adverb* @reaching @link* @a* @helper
        not: @no @adverb* @wish .. @helper
        wish: want wish need like require prefer have ask asked asking think mean
        reaching: @reach transferring connecting forwarding passing sending putting
        not: no @a* @helper
        not: @a* @helper s/free
        not: does/do/can/will the/this/that/it .. let/lets/allow me/us/you .. @helper
        not: @no have/get/ask/let/make @a* @anybody/@human
        not: do/does i/we/you/one need/have to @reach @link* @a* @helper
        not: rather .. than .. @human
        not: must i/we/one @reach @link* @a* @helper
        not: ^ is/was/are/were the/that/it/he/she/they .. @real @live $
        not: am_i/are_we/are_you/were_you/is_this/was_this/was_that/is_that/r_u .. @a* @helper
        not: whether/if .. are/is .. @a* @human
        not: how_many/how_much/how_big/what_is/whats/who_is/who_are/when_is/when_are .. @helper
        not: what_are/what_does/which .. @helper
        not: @manage me? .. @helper
        manage: add adding invite inviting remove removing delete assign assigning create set_up
        manage: manage managing hire hiring become becoming train training
        not: pass/hand/transfer/forward it/this/them/my .. someone/somebody/anyone/person else?
        not: do_you talk/speak/chat @link* @a* @helper
        not: human resources/rights/error/body/hair
        not: travel/user/estate agent/agents
        alone: @human customer_service customer_support customer_care live_chat real_people
        polite: @a please pls plz now asap hi hello hey ok okay bot enough thanks thank_you i
        polite: immediately want need just sorry yes
        polite: no_bot no_bots not_bot not_a_bot not_a_chatbot not_a_robot not_a_machine not_you
    """,
    "German": """
        human: mensch menschen mitarbeiter mitarbeiterin kundenberater berater beraterin agent
        human: agenten operator ansprechpartner sachbearbeiter person servicemitarbeiter
        helper: @human jemand jemanden jemandem support kundendienst kundenservice team
        helper: kundenbetreuung vorgesetzten chef kollegen
        reach: sprechen reden chatten telefonieren verbinde verbinden verbunden weiterleiten
        reach: weitergeleitet durchstellen erreichen kontaktieren unterhalten schreiben besprechen
        want: ich_will will_ich mochte moechte wurde brauche benotige gib gebt
        want: geben_sie hole hol holen_sie gerne hatte_gern
        ask: @reach .. @helper
        ask: @helper .. @reach
        ask: @want .. @human
        ask: gibt_es/ist_da/ist_dort/habt_ihr/haben_sie .. @helper .. @reach/helfen
        ask: bitte/wunsche/mochte/gerne/gern/will/brauche .. ruckruf
        ask: rufen_sie/ruf/ruft mich .. an/zuruck
        ask: kann/konnte .. jemand/mensch/mitarbeiter .. helfen/anrufen/zuruckrufen/antworten
        ask: gibt_es/ist .. echte/echten/echter/richtige @human
        not: ruft mich jemand/wer
        no: kein keine keinen keinem keiner nicht ohne nie statt
        not: @no .. @helper
        not: @helper .. nicht/keinesfalls
        not: bist_du/sind_sie/seid_ihr/bin_ich/ist_das/spreche_ich/rede_ich .. @helper
        not: wie_viele/wieviele .. @helper
        not: fur ein/eine/einen/zwei/drei/vier/mehrere/weitere @human
        not: @helper .. hinzufugen/einladen/anlegen/loschen/entfernen
        alone: @human kundenservice kundendienst live_chat livechat
        polite: bitte jetzt sofort hallo ein eine einen einem echte echten echter danke ja ok bot
    """,
    "French": """
        human: humain humaine humains conseiller conseillere agent operateur operatrice
        human: interlocuteur vraie_personne etre_humain representant
        helper: @human personne quelqu_un qqn quelquun service_client support assistance equipe
        helper: responsable technicien
        reach: parler discuter echanger chatter joindre contacter relation passer passez_moi
        reach: passe_moi transferer transferez connecter mettez_moi mets_moi dialoguer
        want: veux voudrais souhaite besoin aimerais prefere donnez_moi demande
        ask: @reach .. @helper
        ask: @want .. @human
        ask: @helper a_qui parler/m_adresser
        ask: y_a_t_il quelqu_un/@human
        ask: rappelez_moi/rappelle_moi
        ask: avoir .. @human
        ask: rappele/rappelee/recontacte/recontactee/contacte/contactee/appele/appelee par @helper
        ask: rappele/rappelee/recontacte/recontactee/contacte/contactee/appele/appelee par .. @human
        ask: @helper .. peut/pourrait/peux .. aider/appeler/rappeler/repondre
        ask: @helper .. avec_qui/a_qui .. @reach
        ask: quelqu_un/quelquun de reel/vrai/humain
        no: ne pas sans jamais aucun aucune n inutile
        not: ne/n .. pas/jamais/plus .. @reach .. @helper
        not: ne/n .. pas/jamais/plus .. @human
        not: inutile .. @helper
        not: pas/sans/aucun/aucune besoin? de? d? .. @helper
        not: es_tu/etes_vous/tu_es/vous_etes/est_ce_que_tu_es/t_es/suis_je .. @helper
        not: est_ce/que_c_est/que_je_parle un/une/a .. @helper
        not: suis_je .. parler .. @helper
        not: combien .. @helper/personnes
        not: pour un/une/deux/autre/chaque autre? @helper
        alone: @human service_client
        polite: un une le s_il_vous_plait s_il_te_plait svp stp bonjour merci vrai vraie maintenant
    """,
    "Spanish": """
        human: humano humana humanos agente asesor asesora operador operadora representante
        human: ejecutivo persona_real ser_humano
        helper: @human persona alguien atencion_al_cliente servicio_al_cliente soporte encargado
        helper: supervisor gerente equipo
        reach: hablar conversar chatear comunicarme contactar pasame paseme pasar pasarme pasenme
        reach: conectame conecteme transfiereme transfierame comunicame comuniqueme ponme pongame
        reach: derivame derivar
        want: quiero queria quisiera necesito dame deme prefiero solicito
        ask: @reach .. @helper
        ask: @want .. @human
        ask: puede/podria .. @human/alguien .. ayudar* atender* llamar*
        ask: atender/atenderme/atienda/atiendan .. @helper
        ask: llamame/llamenme/llameme
        ask: hay/tienen alguien/@human .. hablar/conversar/contactar/ayud*/atend*
        ask: alguien/alguna_persona real/humano
        ask: hay algun/alguna/un/una @human
        no: no sin nunca tampoco ningun ninguna
        not: @no .. @reach .. @helper/nadie
        not: @no .. @human
        not: eres/es/son/sois/estoy .. un/una/unos? @helper
        not: cuantas/cuantos .. @helper/personas
        not: para un/una/otra/cada @helper
        alone: @human persona atencion_al_cliente
        polite: un una por_favor porfa favor hola ya ahora gracias con el la real
    """,
    "Italian": """
        human: umano umana operatore operatrice addetto consulente agente persona_reale
        human: persona_vera essere_umano rappresentante
        helper: @human persona qualcuno assistenza_clienti servizio_clienti supporto responsabile
        reach: parlare chattare passami mi_passi passare passarmi collegami collegarmi contattare
        reach: in_contatto trasferiscimi trasferirmi mettimi comunicare parlo discutere
        want: voglio vorrei bisogno dammi datemi preferisco serve
        ask: @reach .. @helper
        ask: @want .. @human
        ask: richiamatemi/richiamami
        ask: ce/avere un/una @human
        ask: richiamato/richiamata/ricontattato/ricontattata/contattato/contattata da .. @helper
        ask: @helper .. puo/potrebbe .. aiut*/richiam*/rispond*
        ask: ce/avete .. qualcuno/@human .. @reach/aiut*
        ask: qualcuno di? reale/vero/umano
        no: non senza nessun nessuna mai
        not: @no .. @reach .. @helper
        not: @no .. @human
        not: sei/siete/e/sto un/una/parlando/lei .. @helper
        not: sei/siete/e @human
        not: quante/quanti .. @helper/persone
        not: per un/una/ogni/altra @helper
        alone: @human persona servizio_clienti
        polite: un una per_favore perfavore grazie ciao subito adesso con
    """,
    "Portuguese": """
        human: humano humana humanos atendente agente operador operadora representante consultor
        human: pessoa_real ser_humano atendimento_humano pessoa_de_verdade
        helper: @human pessoa alguem suporte sac equipe equipa atendimento_ao_cliente supervisor
        helper: gerente
        reach: falar conversar transfere transfira transferir passar passa passe conecta conecte
        reach: conectar contatar contactar encaminha encaminhe
        want: quero queria gostaria preciso prefiro me_da me_de solicito
        ask: @reach .. @helper
        ask: @want .. @human
        ask: chama/chame/chamar .. @human
        ask: me_liga/me_ligue/me_liguem
        ask: tem/ha/existe .. alguem/@human .. @reach/ajud*
        ask: alguem real/humano/de_verdade
        no: nao sem nunca nenhum nenhuma
        not: @no .. @reach .. @helper
        not: @no .. @human
        not: voce/vc/tu/es e? .. @human/pessoa/robo
        not: es/e/estou um/uma/falando/a_falar .. @helper
        not: quantas/quantos .. @helper/pessoas
        not: para uma/outra/cada pessoa/alguem
        alone: @human pessoa
        polite: um uma por_favor pf pfv ola agora obrigado obrigada com
    """,
    "Dutch": """
        human: mens mensen medewerker medewerkers agent operator adviseur persoon
        helper: @human iemand klantenservice klantendienst collega helpdesk leidinggevende
        reach: praten spreken chatten bellen verbind verbinden verbonden doorverbinden contact
        reach: doorverbonden doorschakelen schakel bereiken
        want: wil wilt graag nodig geef
        ask: @reach .. @helper
        ask: @helper .. @reach
        ask: @want .. @human
        ask: @helper aan_de lijn/telefoon
        ask: bel me terug?
        ask: kan/kunt/wil/zou .. @helper .. bellen/terugbellen/helpen/antwoorden
        ask: kunnen/kunt/kun jullie/u/je mij/me bellen/terugbellen
        ask: is_er .. @helper .. @reach/met_wie
        no: geen niet zonder nooit
        not: @no .. @helper
        not: @helper .. niet
        not: ben_je/ben_jij/bent_u/ben_ik/praat_ik/spreek_ik/is_dit .. @helper
        not: hoeveel .. @helper
        not: voor een/1/twee/elke @human
        alone: @human klantenservice
        polite: een echt echte aub alsjeblieft alstublieft graag nu hallo hoi dank_je
    """,
    "Polish": """
        human: czlowiek czlowiekiem czlowieka konsultant konsultantem konsultanta pracownik
        human: pracownikiem pracownika agentem agenta doradca doradcy operator operatorem
        helper: @human osoba kims ktos obsluga obslugi infolinia przelozonym kierownikiem
        reach: rozmawiac porozmawiac pogadac polacz polaczyc polaczenie przelacz przelaczyc
        reach: skontaktowac kontakt pisac
        want: chce chcialbym chcialabym potrzebuje poprosze daj dajcie wole
        ask: @reach .. @helper
        ask: @want .. @human
        ask: zadzwoncie/oddzwoncie
        ask: jest .. @helper .. @reach
        ask: ktos zywy/prawdziwy
        ask: @helper .. moze .. pomoc/zadzwonic/oddzwonic
        no: nie bez
        not: @no .. @reach .. @helper
        not: @no .. @human
        not: czy jestes/jestescie/rozmawiam .. @helper
        not: jestes .. @helper
        not: ile/ilu .. @helper/osob/pracownikow
        alone: @human obsluga_klienta
        polite: prosze z teraz zywy zywym witam czesc dziekuje
    """,
    "Turkish": """
        human: insan insanla insana temsilci temsilciye temsilcisi temsilcisine temsilciyle
        human: temsilcisiyle yetkili yetkiliye yetkiliyle operator operatore gercek_kisi
        human: gercek_biri canli_destek canli_destege
        helper: @human biriyle birisiyle birine musteri_hizmetleri musteri_hizmetlerine
        reach: konus* gorus* bagla* aktar* ulas* yonlendir*
        want: istiyorum isterim ihtiyacim lazim verin ver
        ask: @helper .. @reach
        ask: @human .. @want
        ask: beni arayin/ara
        ask: konus*/gorus* .. biri/birisi/kimse/insan/yetkili .. var
        no: istemiyorum istemem gerek_yok gerekmiyor yok degil olmasin baglama baglamayin
        not: @helper .. @no
        not: @helper .. konus*/gorus*/bagla* .. istemiyorum
        not: @helper .. konustum/konustuk/gorustum/gorustuk
        not: insan/temsilci/yetkili misin/misiniz/mi/mu
        not: @helper mi/mu .. @reach
        not: kac kisi/insan/temsilci
        alone: @human musteri_hizmetleri
        polite: bir lutfen merhaba hemen simdi gercek canli
    """,
    "Arabic": """
        human: انسان بشر بشري موظف موظفه ممثل وكيل مندوب شخص_حقيقي الموظف مشغل
        helper: @human شخص احد خدمه_العملاء الدعم الدعم_الفني فريق_الدعم المدير بانسان بموظف لموظف
        reach: التحدث اتحدث اتكلم التكلم حولني حوليني تحويلي وصلني اوصلني التواصل اتواصل تكلم
        reach: محادثه الاتصال اكلم كلم نكلم
        want: اريد ابغي عايز عاوز احتاج بدي اعطني ارجو
        ask: @reach .. @helper
        ask: @want .. @human
        ask: يتصل/تتصل/اتصلوا/اتصل بي/بنا
        ask: هل يوجد/هناك .. @helper .. @reach
        no: لا لست لم بدون ما مش
        not: @no .. @reach .. @helper
        not: @no .. @human
        not: @no .. يتصل/تتصل/اتصل
        not: هل انت/انتي/انتم .. @helper
        not: انت .. @human
        not: هل اتحدث/اتكلم .. @helper
        not: كم .. @helper/موظفا
        alone: @human خدمه_العملاء
        polite: من_فضلك لو_سمحت مرحبا حقيقي الان
    """,
    "Hindi": """
        human: इंसान इन्सान व्यक्ति आदमी एजेंट एजेन्ट प्रतिनिधि ऑपरेटर कर्मचारी
        human: insan insaan agent vyakti operator executive
        helper: @human किसी कस्टमर_केयर ग्राहक_सेवा सपोर्ट_टीम kisi customer_care
        reach: बात जोड़ जोड़ें जोड़िए कनेक्ट संपर्क ट्रांसफर baat jodo jod connect
        want: चाहिए चाहता चाहती दो दीजिए chahiye
        ask: @helper .. @reach
        ask: @human .. @want
        ask: कोई/koi .. @reach/मदद/madad कर*/kar*
        no: नहीं नही मत बिना nahi nahin mat
        not: @helper .. @no
        not: @no .. @human
        not: @helper .. बात/baat की/हुई/ki/hui
        not: आप/तुम/aap/tum .. @human
        not: कितने/kitne .. @helper/लोग
        not: @helper के/ke लिए/liye
        alone: @human कस्टमर_केयर
        polite: कृपया प्लीज please असली अभी नमस्ते
    """,
    "Korean": """
        human: 상담원* 상담사* 사람* 직원* 담당자*
        reach: 통화* 얘기* 이야기* 연결* 대화* 상담* 말하*
        ask: @human .. @reach
        ask: @human 불러* 바꿔*
        not: 사람인가요/사람이에요/사람입니까/사람이야
        not: @human .. 싶지/말고/필요
        not: @human .. 통화했*/얘기했*/이야기했*/상담했*/대화했*/말했*
        not: 몇 사람*
        alone: @human
        polite: 부탁* 주세요 좀 지금
    """,
    "Russian": """
        human: человек* оператор* сотрудник* менеджер* консультант* специалист* агент*
        helper: @human кем_то кем_нибудь поддержк*
        reach: поговорить говорить пообщаться соедини* переключи* переведи* связаться позови* чат
        want: хочу нужен нужна дайте дай прошу
        ask: @reach .. @helper
        ask: есть .. @helper/кто_то/кто_нибудь .. @reach
        ask: есть .. жив*/реальн*/настоящ* @human
        ask: @want .. @human
        no: не без никак* нет
        not: @no .. @helper
        not: ты/вы @human
        not: я .. говорю .. @human
        not: сколько .. @helper
        alone: @human
        polite: живой живого живым пожалуйста с сейчас привет
    """,
    "Ukrainian": """
        human: людин* оператор* менеджер* консультант* працівник* спеціаліст*
        reach: поклич* поговорити говорити з_єднайте зєднайте переключіть звязатися
        want: хочу потрібен потрібна дайте
        ask: @reach .. @human
        ask: є .. @human/хтось .. @reach
        ask: @want .. @human
        not: не/без .. @human
        not: ти/ви @human
        alone: @human
        polite: з будь_ласка жива живою зараз
    """,
    "Swedish, Danish and Norwegian": """
        human: manniska manniskor menneske person handlaggare kundtjanst medarbejder medarbeider
        human: radgivare kundeservice agent
        helper: @human nagon nogen noen support
        reach: prata tala tale snakke chatta kopplas koppla kontakta
        want: vill behover vil trenger
        ask: @reach .. @helper
        ask: @want .. @human
        ask: finns/findes/finnes/er_der/er_det .. @helper .. @reach
        not: inte/ikke/utan/uden/uten/ingen .. @helper
        not: ar_du/er_du .. @human
        not: hur_manga/hvor_mange .. @human
        not: for/til/till en/1/ett/et @human
        alone: @human
        polite: en tack takk tak riktig snalla
    """,
}

UNSPACED = {
    "Japanese": """
        human: オペレーター オペレータ 担当者 担当の方 人間 有人 スタッフ 係の人 係員 店員 本物の人
        human: 生身の人 サポート担当 カスタマーサポート
        reach: 話 つな 繋 チャット 対応 代わ 連絡 相談 呼 お願い 電話
        ask: @human .. @reach
        ask: 話せる/話ができる/対応できる 人/方/@human
        ask: 人と/人に/方と/方に 話/代わ/つな/繋/相談
        not: @human/人と .. 話したくな/必要な/必要あ/いらない/不要/結構/なしで/やめ
        not: @human .. 話しました/電話しました/相談しました
        not: あなたは .. @human/人
        not: @human .. ですか$
        not: 何人
        alone: @human
        polite: を お願いします おねがいします ください 下さい と
    """,
    "Chinese": """
        human: 人工客服 人工 真人 客服 客服人员 客服人員 活人 工作人员 工作人員 专员 專員
        want: 要 找 转 轉 接 转接 轉接 需要 想 换 換 叫 联系 聯繫 请 請 让 讓 给 給
        talk: 回答 说 說 聊 谈 談 讲 講 沟通 溝通 通话 通話 对话 對話 服务 服務 帮 幫 回复
        ask: @want .. @human
        ask: 和/跟/与/與/同 @human .. @talk
        ask: @human .. @talk
        ask: 有没有/有沒有/有 @human/人 .. @talk/聊
        not: 不要/不想/不需/不用/不必/不找/不转/不轉/别/別/没空/沒空/无需/無需 .. @human
        not: 昨天/已经/已經/之前/上次 .. @human .. @talk
        not: 你/您/这/這 是 .. @human
        not: 在 .. @human .. 吗/嗎/么$
        not: @human 费/費/智能/湖/成本/降噪
        not: 几/幾/多少 .. @human
        alone: @human
        polite: 请 請 谢谢 謝謝
    """,
}

# Where a clause ends besides its punctuation: what follows "but" is meant whatever came before.
BUT = "but aber sondern mais pero sino maar ale ama fakat لكن लेकिन lekin но але men"

# Courtesy that may stand between commas in the middle of a clause: "get me, please, an agent".
COURTESY = """
please pls bitte por_favor per_favore per_piacere alsjeblieft alstublieft aub svp stp prosze lutfen
s'il_vous_plait s'il_te_plait пожалуйста будь_ласка من_فضلك لو_سمحت कृपया tack takk vanligen
"""

# What a comma stands before without ending a clause: "jemand, mit dem ich reden kann".
RELATIVE = """
mit_dem mit_der mit_denen an_den an_die der_mir die_mir z_kim z_ktorym z_ktora ktory ktora kto с_кем
с_которым с_которой кто который которая з_ким з_яким хто який
"""

# English words that are often misspelt; they are read as themselves.
OFTEN_MISSPELT = """
human humans person people agent agents operator representative speak speaking talk want need
please customer service support transfer connect someone somebody
"""
