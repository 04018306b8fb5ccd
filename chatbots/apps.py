from django.apps import AppConfig


class ChatbotsConfig(AppConfig):
    name = "chatbots"
    verbose_name = "Chatbots"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down

        from chatbots.plugged_in import refuse_what_is_not_there
        from chatbots.scenarios import runs

        refuse_what_is_not_there()
        worker_shutting_down.connect(runs.on_worker_shutting_down, weak=False)
