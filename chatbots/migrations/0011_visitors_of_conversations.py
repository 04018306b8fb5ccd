from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chatbots', '0010_request_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='visitor_digest',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=64),
        ),
    ]
