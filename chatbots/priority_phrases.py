"""The words that tell how much a request presses. priority_rules.py says what each kind weighs.

One line per entry, `kind: words`, written as chatbots/person_phrases.py explains: lower case, no
accents, no apostrophes, `a_b` for two words in a row, `a*` for words that begin so. What is
`harmless` is passed over: "no problem" is none.
"""

from __future__ import annotations

SPACED = """
    calm: no_rush no_hurry not_urgent isnt_urgent whenever_you whenever_it when_you_have_time
    calm: when_you_have_a_moment just_curious just_wondering feature_request suggestion feedback
    calm: take_your_time not_important no_big_deal
    harmless: no_problem no_problems no_issue no_issues no_worries nothing_wrong never_mind
    harmless: not_broken order_number in_order_to refund_policy return_policy
    urgent: urgent urgently asap immediately emergency critical right_now right_away at_once
    urgent: complex_issue is_down are_down was_down site_down server_down service_down outage
    urgent: hacked fraud fraudulent stolen security lawyer legal sue charged_twice double_charged
    urgent: locked_out data_loss lost_my_data lost_all_my_data deadline scam police
    urgent: dangerous injured bank_dispute chargeback
    again: unacceptable complaint complain third_time fourth_time second_time again_and_again
    again: still_waiting still_no still_not still_broken for_weeks for_months weeks_ago fed_up
    again: ridiculous outrageous terrible worst disgusting angry furious frustrated frustrating
    again: how_many_times nobody_answers no_one_answers no_reply no_answer
    trouble: problem problems issue issues broken error errors fail fails failed failing refund
    trouble: refunded cancel wrong damaged missing late not_working not_arrived not_received
    trouble: doesnt_work does_not_work cant cannot help order invoice billing payment defective
    trouble: lost stopped_working never_arrived today

    calm: keine_eile nicht_dringend nicht_eilig wenn_sie_zeit_haben vorschlag anregung
    urgent: dringend sofort notfall umgehend eilig betrug gestohlen anwalt doppelt_abgebucht
    again: zum_dritten_mal schon_wieder immer_noch unverschamt beschwerde seit_wochen
    trouble: kaputt defekt fehler erstattung ruckerstattung stornieren falsch beschadigt fehlt
    trouble: verspatet rechnung funktioniert_nicht bestellung

    calm: pas_urgent pas_presse rien_ne_presse quand_vous_pouvez
    urgent: urgence tout_de_suite immediatement fraude vole avocat debite_deux_fois
    again: troisieme_fois toujours_pas encore_une_fois inadmissible inacceptable reclamation
    trouble: probleme casse erreur remboursement annuler abime manquant retard facture commande

    calm: sin_prisa no_es_urgente no_hay_prisa cuando_puedan cuando_pueda
    urgent: urgente inmediatamente ahora_mismo emergencia fraude robado abogado cobrado_dos_veces
    again: tercera_vez otra_vez inaceptable queja todavia_no
    trouble: problema roto reembolso cancelar danado falta retraso factura pedido no_funciona

    calm: senza_fretta non_e_urgente con_calma
    urgent: subito immediatamente emergenza frode rubato avvocato
    again: terza_volta inaccettabile reclamo ancora_niente
    trouble: rotto rimborso annullare danneggiato manca ritardo fattura ordine non_funziona errore

    calm: sem_pressa nao_e_urgente
    urgent: imediatamente emergencia roubado advogado cobrado_duas_vezes agora_mesmo
    again: terceira_vez inaceitavel reclamacao ainda_nao
    trouble: quebrado reembolso danificado faltando atraso fatura pedido nao_funciona erro

    calm: geen_haast niet_dringend
    urgent: spoed meteen onmiddellijk gestolen advocaat
    again: derde_keer nog_steeds onacceptabel klacht
    trouble: kapot terugbetaling annuleren beschadigd ontbreekt factuur bestelling werkt_niet

    calm: bez_pospiechu nie_pilne
    urgent: pilne natychmiast oszustwo skradzione prawnik
    again: trzeci_raz nadal_nie skandal reklamacja
    trouble: zepsute zepsuty zwrot anulowac uszkodzone uszkodzony brakuje faktura
    trouble: zamowienie nie_dziala

    calm: acelesi_yok acil_degil
    urgent: acil acilen hemen dolandirici calindi avukat
    again: ucuncu_kez hala sikayet rezalet
    trouble: bozuk iade iptal hasarli eksik gecikti fatura siparis calismiyor hata

    calm: ليس_عاجلا غير_عاجل
    urgent: عاجل فورا طارئ احتيال مسروق محامي
    again: للمره_الثالثه شكوي غير_مقبول
    trouble: مشكله مكسور استرداد الغاء تالف ناقص تاخر فاتوره

    calm: जल्दी_नहीं
    urgent: तुरंत जल्दी आपातकाल धोखा चोरी वकील
    again: तीसरी_बार शिकायत अभी_तक_नहीं
    trouble: समस्या टूटा रिफंड खराब गलत
"""

UNSPACED = """
    calm: 急ぎではありません 急ぎません 急ぎではない
    urgent: 至急 緊急 今すぐ 詐欺 盗まれ 弁護士 本日中
    again: 三回目 3回目 何度も まだ届 苦情 ひどい
    trouble: 壊れ 返金 キャンセル 届かない 届いていません 不良品 問題 間違 請求

    calm: 不急 不着急 不緊急
    urgent: 紧急 緊急 马上 馬上 立刻 诈骗 詐騙 被盗 律师 律師
    again: 第三次 还没 還沒 投诉 投訴 太差
    trouble: 坏了 壞了 退款 取消 问题 問題 损坏 損壞 发票 發票 没收到 沒收到
"""
