
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chatbots', '0010_request_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='visitor',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
    ]
