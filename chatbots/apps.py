from django.apps import AppConfig


class ChatbotsConfig(AppConfig):
    name = "chatbots"
    verbose_name = "Chatbots"

    def ready(self) -> None:
        from chatbots.plugged_in import refuse_what_is_not_there

        refuse_what_is_not_there()
