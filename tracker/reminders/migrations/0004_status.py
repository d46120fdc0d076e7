import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reminders', '0003_rhythm_and_kinds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MailTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(default=1)),
                ('asked_at', models.DateTimeField(db_index=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('handing_over', 'Handing over'), ('sent', 'Sent'), ('failed', 'Failed'), ('unknown', 'Unknown')], default='waiting', max_length=20)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('learner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail_trial', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='mailtrial',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'handing_over', 'sent', 'failed', 'unknown'])), name='trial_state_is_known'),
        ),
        migrations.RemoveIndex(
            model_name='reminder',
            name='reminders_latest',
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(fields=['-claimed_at', '-id'], name='reminders_latest'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('state', 'failed'), models.Q(('reason__gte', 'late'), ('reason__lt', 'latf'), ('state', 'skipped')), _connector='OR'), fields=['-finished_at'], name='reminders_never_came'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('state', 'unknown')), fields=['-finished_at'], name='reminders_unknown'),
        ),
    ]
