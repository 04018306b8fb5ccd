from django.db import migrations, models


def unlogged(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute('ALTER TABLE chatbots_requestcount SET UNLOGGED')


class Migration(migrations.Migration):

    dependencies = [
        ('chatbots', '0009_embed_origins'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestCount',
            fields=[
                ('name', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('taken', models.IntegerField()),
                ('ends_at', models.FloatField()),
            ],
        ),
        migrations.RunPython(unlogged, migrations.RunPython.noop),
    ]
